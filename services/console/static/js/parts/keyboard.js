/**
 * A keyboard in the page. Keys are as large as every control: where a row does not fit, letters
 * stand in the order of the alphabet on as many pages as they need.
 */

import { fill, h } from "../core/dom.js";
import { currentLanguage, t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { layers } from "./layouts/index.js";

const GAP = 2;
const FUNCTIONS = 7;

/**
 * Ask for a text on a sheet of its own.
 * @param {Object} options
 * @param {string} options.label what is asked for
 * @param {string} [options.value]
 * @param {string} [options.language] of the keys; that of the screen if left out
 * @param {number} [options.longest]
 * @param {string} options.test value of data-test
 * @param {(text: string) => (string|void)} [options.change] told each text; what it returns is shown
 * @returns {Promise<string|null>} null when it was given up
 */
export function openKeyboard({ label, value = "", language, longest = 64, test, change }) {
  return new Promise((resolve) => {
    let answer = null;
    const hint = h("span", { class: "keys-hint", role: "status" });
    const input = h("input", {
      class: "keys-input", type: "text", inputmode: "none", autocomplete: "off", spellcheck: "false",
      dir: "auto", "aria-label": label, "data-test": `${test}-input`, maxlength: String(longest), value,
    });
    const told = () => { if (change) hint.textContent = change(input.value) || ""; };
    const end = (said) => {
      answer = said;
      sheet.close();
    };
    const keys = keyboard(input, { language, done: () => end(input.value.trim()), cancel: () => end(null) });
    const sheet = h("dialog", { class: "keys-sheet", "data-test": test, "aria-label": label },
      h("div", { class: "keys-head" }, h("span", { class: "keys-label" }, label), input, hint), keys);
    input.addEventListener("input", told);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // the button that has the focus again would take the same key for a press
      event.preventDefault();
      end(input.value.trim());
    });
    sheet.addEventListener("cancel", (event) => { event.preventDefault(); end(null); });
    sheet.addEventListener("close", () => { keys.leave(); sheet.remove(); resolve(answer); });
    document.body.append(sheet);
    sheet.showModal();
    input.focus();
    told();
  });
}

/**
 * The keys alone, writing into an input; `leave()` of the element ends it.
 * @param {HTMLInputElement} input
 * @param {{language?: string, done: () => void, cancel: () => void}} options
 */
export function keyboard(input, { language = currentLanguage(), done, cancel }) {
  const element = h("div", { class: "keys", "data-test": "keys" });
  const state = { layers: [], layer: 0, page: 0, upper: input.value === "" };
  // the input keeps the focus, so that a keyboard on the table goes on writing into it
  element.addEventListener("mousedown", (event) => event.preventDefault());
  const watcher = new ResizeObserver(() => draw());
  element.leave = () => watcher.disconnect();
  layers(language).then((found) => {
    state.layers = found;
    watcher.observe(element);
    draw();
  });

  function draw() {
    if (!state.layers.length || !element.clientWidth) return;
    const pages = paged(state.layers[state.layer].rows, room(element), language);
    state.page = Math.min(state.page, pages.length - 1);
    const shown = pages[state.page];
    element.style.setProperty("--columns", String(shown.columns));
    const letters = shown.rows.flat().map((letter) => key(letter));
    fill(element, letters, functions(pages.length).map((each) => functionKey(each)));
  }

  function key(letter) {
    if (letter === null) return h("span", { "aria-hidden": "true" });
    const text = state.upper ? letter.toLocaleUpperCase(language) : letter;
    return h("button", { type: "button", class: "key", "data-test": `key-${letter}`, dir: "auto",
      on: { click: () => type(text) } }, text);
  }

  function functions(pages) {
    const following = state.layers[(state.layer + 1) % state.layers.length].name;
    return [
      { name: "cancel", picture: "close", word: t("core.cancel"), press: cancel },
      { name: "shift", picture: "shift", word: t("core.keys.shift"), pressed: state.upper,
        press: () => { state.upper = !state.upper; draw(); } },
      { name: "layer", text: following, word: t("core.keys.layer", { name: following }),
        press: () => { state.layer = (state.layer + 1) % state.layers.length; state.page = 0; draw(); } },
      { name: "page", text: `${state.page + 1}/${pages}`, word: t("core.keys.page"), off: pages < 2,
        press: () => { state.page = (state.page + 1) % pages; draw(); } },
      { name: "space", text: "␣", word: t("core.keys.space"), press: () => type(" ") },
      { name: "erase", picture: "erase", word: t("core.keys.erase"), press: erase },
      { name: "done", picture: "check", word: t("core.done"), kind: "key-done", press: done },
    ];
  }

  function functionKey({ name, picture, text, word, press, pressed, off, kind = "" }) {
    return h("button", { type: "button", class: `key key-function ${kind}`, "data-test": `key-${name}`,
      "aria-label": text ? `${word} ${text}` : word, "aria-pressed": pressed === undefined ? null : String(pressed), disabled: Boolean(off),
      on: { click: press } }, picture ? icon(picture) : text);
  }

  function type(text) {
    if (input.maxLength > 0 && input.value.length >= input.maxLength) return;
    insert(input, text);
    const upper = text === " " || text === "-";
    if (state.upper !== upper) {
      state.upper = upper;
      draw();
    }
  }

  function erase() {
    const start = input.selectionStart ?? input.value.length;
    const end = input.selectionEnd ?? start;
    const from = start === end ? start - lastLetter(input.value.slice(0, start)) : start;
    input.setRangeText("", Math.max(0, from), end, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  return element;
}

function insert(input, text) {
  const start = input.selectionStart ?? input.value.length;
  input.setRangeText(text, start, input.selectionEnd ?? start, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function lastLetter(text) {
  return [...text].at(-1)?.length || 0;
}

function room(element) {
  const target = Number.parseFloat(getComputedStyle(element).getPropertyValue("--target")) || 44;
  const count = (length) => Math.max(1, Math.floor((length + GAP) / (target + GAP)));
  return { columns: count(element.clientWidth), rows: count(element.clientHeight) };
}

/** Rows as they are where they fit, else the letters by the alphabet in pages. */
function paged(rows, { columns, rows: lines }, language) {
  const widest = Math.max(FUNCTIONS, ...rows.map((row) => [...row].length));
  if (widest <= columns && rows.length < lines) {
    return [{ columns: widest, rows: rows.map((row) => padded([...row], widest)) }];
  }
  const letters = rows.flatMap((row) => [...row]);
  if (/\p{Script=Latin}|\p{Script=Cyrillic}/u.test(letters[0])) letters.sort(new Intl.Collator(language).compare);
  const free = Math.max(1, lines - Math.ceil(FUNCTIONS / columns));
  const size = columns * free;
  const pages = [];
  for (let at = 0; at < letters.length; at += size) {
    const page = letters.slice(at, at + size);
    pages.push({ columns, rows: [padded(page, Math.ceil(page.length / columns) * columns)] });
  }
  return pages;
}

function padded(letters, length) {
  return [...letters, ...Array(length - letters.length).fill(null)];
}
