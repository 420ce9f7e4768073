/** Coded reasons as large buttons. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button } from "./button.js";

/**
 * @param {Object} options
 * @param {string[]} options.codes code values, in the order in which they are offered
 * @param {string} options.label what they are reasons for
 * @param {(code: string) => void} options.choose
 * @param {string} [options.chosen] the one that stays pressed in
 */
export function reasonList({ codes, label, choose, chosen }) {
  return h("div", { class: "reasons", role: "group", "aria-label": label, "data-test": "reasons" },
    codes.map((code) => button({
      label: t(`images.reason.${code}`),
      test: `reason-${code}`,
      pressed: chosen === undefined ? undefined : chosen === code,
      press: () => choose(code),
    })));
}
