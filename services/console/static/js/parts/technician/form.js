/** One table of the configuration as controls, drawn from what the box says of every key. */

import { fill, h } from "../../core/dom.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { field } from "../field.js";
import { w } from "../../screens/technician/page.js";

/**
 * @param {Object} options
 * @param {any} options.section as `/api/technician/form` describes it
 * @param {Object<string, any>} options.values what the file says of this table
 * @param {(key: string) => string[]} options.names names that a key can refer to
 * @param {(key: string, value: any) => void} options.change `undefined`: back to the default
 * @returns {HTMLElement}
 */
export function tableForm({ section, values, names, change }) {
  const draft = { ...values };
  const element = h("div", { class: "tech-form" });

  function set(key, value) {
    if (value === undefined) delete draft[key];
    else draft[key] = value;
    change(key, value);
    if (key === section.depends) draw();
  }

  function draw() {
    const kind = section.depends ? draft[section.depends] : "";
    const shown = section.keys.filter((key) => key.kinds.length === 0 || key.kinds.includes(kind));
    fill(element, shown.map((key) => keyRow(key, draft[key.key], (value) => set(key.key, value), names)));
  }

  draw();
  return element;
}

function keyRow(key, value, change, names) {
  const given = h("div", { class: "tech-control" });
  const state = { value };
  const undo = button({ label: w("form.default"), icon: "undo", kind: "quiet", iconOnly: true, test: `default-${key.key}`,
    press: () => say(undefined) });

  function say(next) {
    state.value = next;
    change(next);
    draw();
  }

  function draw() {
    const unset = state.value === undefined;
    fill(given, control(key, state.value, say, names), !unset && !key.required && undo);
    element.dataset.unset = String(unset);
  }

  const element = h("div", { class: "tech-key", "data-key": key.key },
    h("h2", { dir: "ltr" }, key.key, key.required && h("span", { class: "tone-caution" }, ` ${w("form.required")}`)),
    h("p", { class: "quiet", lang: "en", dir: "auto" }, key.meaning),
    h("p", { class: "quiet", lang: "en", dir: "auto" }, `${w("form.allowed")} ${key.allowed}`,
      key.default !== null && key.default !== "" && ` · ${w("form.default_is", { value: shown(key.default) })}`),
    given);
  draw();
  return element;
}

function control(key, value, say, names) {
  const now = value === undefined ? key.default : value;
  if (key.refers) return picker(key, names(key.refers), now || "", say);
  if (key.kind === "switch") return switcher(key, now, say);
  if (key.kind === "choice") return picker(key, key.choices, now ?? "", say);
  if (key.kind === "list" && key.item.kind === "choice") return several(key, now || [], say);
  if (key.kind === "list") return listed(key, now || [], say);
  if (key.kind === "table") return h("p", { class: "quiet", dir: "ltr" }, value ? JSON.stringify(value) : w("form.table"));
  return entry(key, now, say);
}

function switcher(key, value, say) {
  return h("div", { class: "row" }, [[true, w("yes")], [false, w("no")]].map(([state, word]) =>
    button({ label: word, pressed: Boolean(value) === state, test: `key-${key.key}-${state ? "yes" : "no"}`, press: () => say(state) })));
}

function picker(key, choices, value, say) {
  const open = () => {
    const sheet = openDialog({ title: key.key, test: `pick-${key.key}`, content: h("div", { class: "tiles" },
      choices.map((one) => button({ label: one || w("form.none"), pressed: one === value, test: `pick-${key.key}-${one || "none"}`,
        press: () => { sheet.close(); say(one); } }))) });
  };
  return button({ label: value || w("form.none"), icon: "down", test: `key-${key.key}`, press: open });
}

function several(key, value, say) {
  return h("div", { class: "row" }, key.item.choices.map((one) => button({ label: one, pressed: value.includes(one),
    test: `key-${key.key}-${one}`,
    press: () => say(value.includes(one) ? value.filter((each) => each !== one) : [...value, one]) })));
}

/** Several values on one line, parted by commas. */
function listed(key, value, say) {
  const numbers = key.item.kind === "whole" || key.item.kind === "number";
  return field({ label: w("form.commas"), test: `key-${key.key}`, value: value.join(", "), longest: 1024,
    change: (text) => {
      const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
      say(numbers ? parts.map((part) => (Number.isNaN(Number(part)) ? part : Number(part))) : parts);
    } });
}

function entry(key, value, say) {
  const numbers = key.kind === "whole" || key.kind === "number";
  const text = value === null || value === undefined ? "" : String(value);
  return field({ label: key.key, test: `key-${key.key}`, kind: numbers ? "number" : "text", value: text,
    decimals: key.kind === "number", longest: numbers ? 12 : key.longest || 256, language: "en",
    change: (said) => {
      if (said === "" && !key.required) say(numbers ? undefined : "");
      else say(numbers && said !== "" && !Number.isNaN(Number(said)) ? Number(said) : said);
    } });
}

function shown(value) {
  return Array.isArray(value) ? value.join(", ") || "[]" : String(value);
}
