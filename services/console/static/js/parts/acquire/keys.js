/** Space and Enter take a picture; a scanner that types like a keyboard never does. */

const BURST_MS = 60;

/**
 * @param {() => void} capture
 * @returns {() => void} ends it
 */
export function watchKeys(capture) {
  let last = -BURST_MS;
  let waiting = 0;

  function key(event) {
    const before = event.timeStamp - last;
    last = event.timeStamp;
    clearTimeout(waiting);
    waiting = 0;
    if (event.key !== " " && event.key !== "Enter") return;
    if (event.repeat || event.defaultPrevented || before < BURST_MS) return;
    if (event.ctrlKey || event.altKey || event.metaKey || isControl(event.target)) return;
    event.preventDefault();
    waiting = setTimeout(capture, BURST_MS);
  }

  document.addEventListener("keydown", key);
  return () => {
    clearTimeout(waiting);
    document.removeEventListener("keydown", key);
  };
}

/** Keys work what has the focus, and within a sheet only the sheet. */
function isControl(target) {
  return target instanceof Element && target.closest("button, a, input, textarea, select, dialog, [role=button]") !== null;
}
