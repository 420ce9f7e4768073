/** While a finger or a key is down nothing on the screen may move: what it means must stay there. */

/** How long after a finger is lifted its click may still come: a browser sends it by itself. */
const CLICK_MS = 150;

const fingers = new Set();
const waiting = [];
let lifted = 0;

function lift(id) {
  if (!fingers.delete(id)) return;
  clearTimeout(lifted);
  lifted = setTimeout(rest, CLICK_MS);
}

function rest() {
  clearTimeout(lifted);
  lifted = 0;
  settle();
}

function settle() {
  if (busy()) return;
  for (const go of waiting.splice(0)) go();
}

function busy() {
  return fingers.size > 0 || lifted !== 0 || document.querySelector(".holding") !== null;
}

document.addEventListener("pointerdown", (event) => fingers.add(event.pointerId), true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, (event) => lift(event.pointerId), true);
}
// the click has found what the finger was on, which does its work first
document.addEventListener("click", () => {
  if (!lifted) return;
  clearTimeout(lifted);
  lifted = 0;
  setTimeout(settle, 0);
}, true);
// a finger that leaves the window is not heard of again
window.addEventListener("blur", () => {
  fingers.clear();
  setTimeout(rest, 0);
});
document.addEventListener("keyup", () => setTimeout(settle, 0), true);

/**
 * Resolves as soon as nobody touches the screen; at once as a rule. To be awaited between asking the
 * box and drawing what it said, wherever nobody tapped for it.
 * @returns {Promise<void>}
 */
export function handsOff() {
  if (!busy()) return Promise.resolve();
  return new Promise((resolve) => waiting.push(resolve));
}
