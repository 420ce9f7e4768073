/** Digits as large as every control. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

/**
 * The pad alone.
 * @param {Object} options
 * @param {(text: string) => void} options.change told each text
 * @param {(text: string) => void} options.done
 * @param {() => void} [options.cancel]
 * @param {string} [options.value]
 * @param {boolean} [options.decimals] with a point
 * @param {number} [options.longest]
 * @returns {HTMLElement} its `clear()` empties it
 */
export function numpad({ change, done, cancel, value = "", decimals = false, longest = 12 }) {
  let text = value;

  function say(next) {
    text = next.slice(0, longest);
    change(text);
  }

  function key(name, content, word, press, kind = "") {
    return h("button", { type: "button", class: `key pad-${name} ${kind}`, "data-test": `pad-${name}`, "aria-label": word,
      on: { click: press } }, content);
  }

  const digits = [..."1234567890"].map((digit) => key(digit, digit, null, () => say(text + digit)));
  const point = decimals && key("point", ".", t("core.keys.point"), () => { if (!text.includes(".")) say(`${text || "0"}.`); });
  const element = h("div", { class: "pad", dir: "ltr", "data-test": "pad" }, digits, point,
    key("erase", icon("erase"), t("core.keys.erase"), () => say(text.slice(0, -1))),
    cancel && key("cancel", icon("close"), t("core.cancel"), cancel),
    key("done", icon("check"), t("core.done"), () => done(text), "key-done"));
  element.clear = () => say("");
  element.addEventListener("keydown", typed);

  function typed(event) {
    if (/^\d$/.test(event.key)) say(text + event.key);
    else if (event.key === "Backspace") say(text.slice(0, -1));
    else return;
    event.preventDefault();
  }

  return element;
}

/**
 * Ask for a number on a sheet of its own.
 * @param {{label: string, value?: string, unit?: string, decimals?: boolean, longest?: number, test: string}} options
 * @returns {Promise<string|null>} null when it was given up
 */
export function openNumpad({ label, value = "", unit = "", decimals = false, longest = 12, test }) {
  return new Promise((resolve) => {
    let answer = null;
    const shown = h("output", { class: "keys-input", "data-test": `${test}-input` }, value || " ");
    const end = (said) => {
      answer = said;
      sheet.close();
    };
    const pad = numpad({ value, decimals, longest, change: (text) => { shown.textContent = text || " "; },
      done: (text) => end(text), cancel: () => end(null) });
    const sheet = h("dialog", { class: "keys-sheet", "data-test": test, "aria-label": label },
      h("div", { class: "keys-head" }, h("span", { class: "keys-label" }, label), shown, unit && h("span", {}, unit)), pad);
    sheet.addEventListener("cancel", (event) => { event.preventDefault(); end(null); });
    sheet.addEventListener("close", () => { sheet.remove(); resolve(answer); });
    document.body.append(sheet);
    sheet.showModal();
  });
}
