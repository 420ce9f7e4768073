/** How far long work has come. */

import { h } from "../core/dom.js";
import { number } from "../core/i18n.js";

/**
 * @param {{label: string, value: number, total: number, test?: string}} options
 */
export function progress({ label, value, total, test }) {
  const share = total > 0 ? Math.min(1, value / total) : 0;
  return h(
    "div",
    { class: "progress", "data-test": test, role: "progressbar", "aria-label": label,
      "aria-valuemin": "0", "aria-valuemax": String(total), "aria-valuenow": String(value) },
    h("span", { class: "progress-word" }, label),
    h("span", { class: "progress-track" }, h("span", { class: "progress-fill", style: { "--share": share.toFixed(3) } })),
    h("span", { class: "progress-count" }, `${number(value)} / ${number(total)}`),
  );
}
