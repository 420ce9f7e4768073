/** One thing to enter: on the box's own screen by our keyboard, elsewhere as usual. */

import { h } from "../core/dom.js";
import { date, t } from "../core/i18n.js";
import { openDateWheel } from "./date-wheel.js";
import { openKeyboard } from "./keyboard.js";
import { openNumpad } from "./numpad.js";

const ASK = {
  text: (options) => openKeyboard(options),
  number: (options) => openNumpad(options),
  date: (options) => openDateWheel(options),
};

/**
 * @param {Object} options
 * @param {string} options.label
 * @param {string} options.test value of data-test
 * @param {"text"|"number"|"date"} [options.kind] a date is YYYYMMDD
 * @param {string} [options.value]
 * @param {number} [options.longest]
 * @param {boolean} [options.decimals]
 * @param {string} [options.language] of the keyboard
 * @param {(value: string) => void} options.change
 * @returns {HTMLElement} its `value` is what was entered
 */
export function field({ label, test, kind = "text", value = "", longest, decimals, language, change }) {
  const kiosk = document.documentElement.dataset.kiosk === "yes";
  return kiosk ? touched({ label, test, kind, value, longest, decimals, language, change })
    : typed({ label, test, kind, value, longest, change });
}

function touched({ label, test, kind, value, change, ...more }) {
  const shown = h("span", { class: "field-value", dir: "auto" });
  const element = h("button", { type: "button", class: "button field", "data-test": test, on: { click: ask } },
    h("span", { class: "field-label" }, label), shown);

  function say(next) {
    element.value = next;
    shown.textContent = (kind === "date" ? date(next) : next) || t("core.field.empty");
  }

  async function ask() {
    const answer = await ASK[kind]({ label, value: element.value, test: `${test}-sheet`, ...more });
    if (answer === null) return;
    say(answer);
    change(answer);
  }

  say(value);
  return element;
}

function typed({ label, test, kind, value, longest, change }) {
  const input = h("input", {
    class: "field-input", type: kind === "date" ? "date" : "text", inputmode: kind === "number" ? "decimal" : null,
    autocomplete: "off", dir: "auto", "data-test": test, maxlength: longest ? String(longest) : null,
    value: kind === "date" ? value.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3") : value,
  });
  const element = h("label", { class: "field" }, h("span", { class: "field-label" }, label), input);
  element.value = value;
  input.addEventListener("input", () => {
    element.value = kind === "date" ? input.value.replaceAll("-", "") : input.value;
    change(element.value);
  });
  return element;
}
