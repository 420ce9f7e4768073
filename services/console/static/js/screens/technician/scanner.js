/** What the hospital's codes say: scan one, tap the part that counts, see what is understood. */

import { fill, h } from "../../core/dom.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { field } from "../../parts/field.js";
import { watchScanner } from "../../core/scanner.js";
import { proposeChange } from "../../parts/technician/proposal.js";
import { API, choice, facts, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions, guard } = page(root, app, "scanner");
  const state = { text: "", told: null, start: -1, end: -1, gives: "patient_id", open: true, mask: "", element: "" };
  actions.append(button({ label: w("scanner.rules"), icon: "wrench", test: "scanner-rules", press: () => app.go("service/settings/code_rules?from=service/scanner") }));

  async function scanned(text) {
    Object.assign(state, { text, told: null, start: -1, end: -1, mask: "", element: "" });
    state.told = (await guard(() => app.api.post(`${API}/hands/understand`, { text, rules: [] }))) || null;
    draw();
  }

  function draw() {
    fill(body, note(w("scanner.hint")),
      field({ label: w("scanner.typed"), test: "scanner-text", value: state.text, longest: 256, language: "en", change: scanned }),
      state.told && [understood(state.told), state.told.gs1 ? elements(state.told) : letters(state.told), rule()]);
  }

  function understood(told) {
    const found = Object.entries(told.found);
    return h("section", { "data-test": "scanner-understood", "aria-live": "polite" },
      found.length ? badge("done", w("scanner.understood")) : badge("held", w("scanner.nothing")),
      facts([[w("scanner.symbology"), told.symbology], ...found.map(([key, value]) => [w(`scanner.${key}`), value])]),
      told.problem && h("p", { class: "tone-caution", lang: "en" }, told.problem));
  }

  function letters(told) {
    return h("div", { class: "tech-letters", dir: "ltr", role: "group", "aria-label": w("scanner.tap") }, [...told.text].map((letter, index) =>
      h("button", { type: "button", class: "button tech-letter", "data-test": `letter-${index}`,
        "aria-pressed": String(index >= state.start && index < state.end), on: { click: () => tap(index) } }, letter === " " ? "␣" : letter)));
  }

  function elements(told) {
    return choice({ label: w("scanner.element"), value: state.element, test: "element",
      options: Object.entries(told.elements).map(([key, value]) => [key, `(${key}) ${value}`]), pick: (element) => { state.element = element; retry(); } });
  }

  function tap(index) {
    if (state.start < 0 || state.end - state.start > 1) Object.assign(state, { start: index, end: index + 1 });
    else Object.assign(state, { start: Math.min(state.start, index), end: Math.max(state.end, index + 1) });
    retry();
  }

  async function retry() {
    if (!state.told.gs1) {
      const made = await guard(() => app.api.post(`${API}/hands/mask`, { text: state.text, start: state.start, end: state.end, open_ended: state.open }));
      state.mask = made ? made.mask : "";
    }
    const tried = await guard(() => app.api.post(`${API}/hands/understand`, { text: state.text, rules: [value()] }));
    if (tried) state.told = tried;
    draw();
  }

  function value() {
    return Object.fromEntries(Object.entries({ gives: state.gives, mask: state.mask, element: state.element }).filter(([, said]) => said));
  }

  function rule() {
    const chosen = state.mask || state.element;
    return h("section", { class: "tech-form" },
      choice({ label: w("scanner.gives"), value: state.gives, test: "gives",
        options: ["patient_id", "accession_number", "birth_date"].map((key) => [key, w(`scanner.${key}`)]),
        pick: (gives) => { state.gives = gives; if (chosen) retry(); } }),
      !state.told.gs1 && choice({ label: w("scanner.length"), value: state.open ? "open" : "fixed", test: "length",
        options: [["open", w("scanner.open")], ["fixed", w("scanner.fixed")]], pick: (length) => { state.open = length === "open"; if (chosen) retry(); } }),
      state.mask && h("p", { dir: "ltr", "data-test": "scanner-mask" }, state.mask),
      button({ label: w("settings.review"), icon: "check", kind: "primary", test: "scanner-save", disabled: !chosen,
        press: () => proposeChange(app, { edits: [{ do: "add", path: ["code_rules"], value: value() }] }) }));
  }

  const stop = watchScanner(scanned);
  draw();
  return stop;
}
