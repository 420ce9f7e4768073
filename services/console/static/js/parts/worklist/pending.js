/** Codes that were scanned for the entry that is about to be confirmed; they leave with the screen. */

let keys = "";
let texts = [];

export function keepScan(forKeys, text) {
  texts = forKeys === keys ? [...texts, text] : [text];
  keys = forKeys;
}

export function scansFor(forKeys) {
  return forKeys === keys ? texts : [];
}

export function forgetScans() {
  keys = "";
  texts = [];
}
