/** While a finger or a key is down nothing on the screen may move: what it means must stay there. */

const fingers = new Set();
const waiting = [];

function lift(id) {
  fingers.delete(id);
  // the click comes after the finger is up, and belongs to what the finger was on
  setTimeout(settle, 0);
}

function settle() {
  if (busy()) return;
  for (const go of waiting.splice(0)) go();
}

function busy() {
  return fingers.size > 0 || document.querySelector(".holding") !== null;
}

document.addEventListener("pointerdown", (event) => fingers.add(event.pointerId), true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, (event) => lift(event.pointerId), true);
}
// a finger that leaves the window is not heard of again
window.addEventListener("blur", () => {
  fingers.clear();
  setTimeout(settle, 0);
});
document.addEventListener("keyup", () => setTimeout(settle, 0), true);

/**
 * Resolves as soon as nobody touches the screen; at once as a rule.
 * @returns {Promise<void>}
 */
export function handsOff() {
  if (!busy()) return Promise.resolve();
  return new Promise((resolve) => waiting.push(resolve));
}
