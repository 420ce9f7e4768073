/** Codes that were scanned for the entry that is about to be confirmed; they leave with the screen. */

let keys = "";
let texts = [];
let agreed = 0;

/** Keep a code, and how many identifiers it had in common with the entry, where that is known. */
export function keepScan(forKeys, text, common = 0) {
  texts = forKeys === keys ? [...texts, text] : [text];
  agreed = Math.max(forKeys === keys ? agreed : 0, common);
  keys = forKeys;
}

/** How many identifiers a code of these entries had in common with them. */
export function agreedFor(forKeys) {
  return forKeys === keys ? agreed : 0;
}

export function scansFor(forKeys) {
  return forKeys === keys ? texts : [];
}

export function forgetScans() {
  keys = "";
  texts = [];
  agreed = 0;
}
