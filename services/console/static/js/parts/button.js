/** A button: icon and word. */

import { h } from "../core/dom.js";
import { icon } from "./icons.js";

/**
 * @param {Object} options
 * @param {string} options.label
 * @param {string} [options.icon]
 * @param {() => void} options.press
 * @param {string} options.test value of data-test
 * @param {"plain"|"primary"|"danger"|"quiet"} [options.kind]
 * @param {boolean} [options.disabled]
 * @param {boolean} [options.iconOnly] the word is read out, not shown
 * @param {boolean} [options.pressed] for a button that stays in
 */
export function button({ label, icon: name, press, test, kind = "plain", disabled, iconOnly, pressed }) {
  return h(
    "button",
    {
      type: "button",
      class: `button button-${kind}${iconOnly ? " button-icon" : ""}`,
      "data-test": test,
      "aria-label": iconOnly ? label : null,
      "aria-pressed": pressed === undefined ? null : String(pressed),
      disabled: Boolean(disabled),
      on: { click: press },
    },
    name && icon(name),
    !iconOnly && h("span", { class: "button-word" }, label),
  );
}
