/** A scanner that types like a keyboard: a burst of keys that no hand can make. */

const GAP_MS = 35;
const SHORTEST = 4;
const QUIET_MS = 120;
const SEPARATOR = "\u001d";

/**
 * Watch for bursts.
 * @param {(text: string) => void} take gets each code; separators of GS1 codes are kept
 * @returns {() => void} ends it
 */
export function watchScanner(take) {
  let text = "";
  let last = 0;
  let quiet = 0;

  function end(event) {
    const found = text;
    text = "";
    clearTimeout(quiet);
    if (found.length < SHORTEST) return;
    if (event) {
      event.preventDefault();
      event.stopPropagation();
    }
    takeBack(found);
    take(found);
  }

  function key(event) {
    const now = performance.now();
    if (now - last > GAP_MS) text = "";
    last = now;
    const typed = event.ctrlKey && event.key === "]" ? SEPARATOR : event.key;
    if (event.key === "Enter" || event.key === "Tab") {
      end(text.length >= SHORTEST ? event : null);
      return;
    }
    if (typed.length !== 1 || event.altKey || event.metaKey || (event.ctrlKey && typed !== SEPARATOR)) return;
    text += typed;
    clearTimeout(quiet);
    quiet = setTimeout(() => end(null), QUIET_MS);
  }

  document.addEventListener("keydown", key, true);
  return () => {
    clearTimeout(quiet);
    document.removeEventListener("keydown", key, true);
  };
}

/** What the burst typed into a field is no text of that field. */
function takeBack(text) {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return;
  const typed = text.replaceAll(SEPARATOR, "");
  if (!field.value.endsWith(typed)) return;
  field.value = field.value.slice(0, -typed.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
