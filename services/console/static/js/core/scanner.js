/** A scanner that types like a keyboard: a burst of keys that no hand can make. */

const GAP_MS = 35;
const ANEW_MS = 500;
const SHORTEST = 4;
const SEPARATOR = "\u001d";

/**
 * Watch for bursts that end with Enter or Tab. One with a pause in it is thrown away to its end: half an identity
 * would be worse than none.
 * @param {(text: string) => void} take gets each code; separators of GS1 codes are kept
 * @returns {() => void} ends it
 */
export function watchScanner(take) {
  let text = "";
  let torn = false;
  let last = 0;

  function end(event) {
    const found = torn ? "" : text;
    text = "";
    torn = false;
    if (found.length < SHORTEST) return;
    event.preventDefault();
    event.stopPropagation();
    takeBack(found);
    take(found);
  }

  function key(event) {
    // when it was typed, however late a busy page hears of it
    const gap = event.timeStamp - last;
    last = event.timeStamp;
    if (gap > ANEW_MS) {
      text = "";
      torn = false;
    } else if (gap > GAP_MS && text) torn = true;
    const typed = event.ctrlKey && event.key === "]" ? SEPARATOR : event.key;
    if (event.key === "Enter" || event.key === "Tab") {
      end(event);
      return;
    }
    if (typed.length !== 1 || event.altKey || event.metaKey || (event.ctrlKey && typed !== SEPARATOR)) return;
    text += typed;
  }

  document.addEventListener("keydown", key, true);
  return () => document.removeEventListener("keydown", key, true);
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
