/** Space and Enter take a picture; a scanner that types like a keyboard never does. */

const BURST_MS = 60;
const TYPING_MS = 400;

/**
 * @param {() => void} capture
 * @returns {() => void} ends it
 */
export function watchKeys(capture) {
  let typed = -TYPING_MS;
  let waiting = 0;
  let byHand = true;

  /** What was touched keeps the focus, and that does not mean that a key is for it. */
  function touch() {
    byHand = true;
  }

  function key(event) {
    if (event.key === "Tab") byHand = false;
    clearTimeout(waiting);
    waiting = 0;
    if (event.key !== " " && event.key !== "Enter") {
      typed = event.timeStamp;
      return;
    }
    if (event.repeat || event.defaultPrevented || event.timeStamp - typed < TYPING_MS) return;
    if (event.ctrlKey || event.altKey || event.metaKey || isControl(event.target, byHand)) return;
    event.preventDefault();
    waiting = setTimeout(capture, BURST_MS);
  }

  document.addEventListener("keydown", key);
  document.addEventListener("pointerdown", touch);
  return () => {
    clearTimeout(waiting);
    document.removeEventListener("pointerdown", touch);
    document.removeEventListener("keydown", key);
  };
}

/** Keys work what was reached by keys, and within a sheet only the sheet. */
function isControl(target, byHand) {
  if (!(target instanceof Element)) return false;
  if (target.closest("dialog, input, textarea, select")) return true;
  return !byHand && target.closest("button, a, [role=button]") !== null;
}
