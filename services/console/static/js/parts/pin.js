/** Asking for a PIN: dots, never digits. */

import { fill, h } from "../core/dom.js";
import { numpad } from "./numpad.js";

const LONGEST = 12;

/**
 * @param {{label: string, test: string}} options
 * @returns {Promise<string|null>} null when it was given up
 */
export function askPin({ label, test }) {
  return new Promise((resolve) => {
    let answer = null;
    const dots = h("output", { class: "keys-input", "data-test": `${test}-dots`, "aria-label": label }, " ");
    const end = (said) => {
      answer = said;
      sheet.close();
    };
    const pad = numpad({
      longest: LONGEST,
      change: (text) => fill(dots, "•".repeat(text.length) || " "),
      done: (text) => end(text),
      cancel: () => end(null),
    });
    const sheet = h("dialog", { class: "keys-sheet", "data-test": test, "aria-label": label },
      h("div", { class: "keys-head" }, h("span", { class: "keys-label" }, label), dots), pad);
    sheet.addEventListener("cancel", (event) => { event.preventDefault(); end(null); });
    sheet.addEventListener("close", () => { sheet.remove(); resolve(answer); });
    document.body.append(sheet);
    sheet.showModal();
  });
}
