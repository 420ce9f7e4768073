/** What every technician's screen has: a title, a way back, and an explained failure. */

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { button } from "../../parts/button.js";
import { problemPanel } from "../../parts/problem.js";

export const API = "/api/technician";

/** The words of this area. */
export function w(key, params) {
  return t(`technician.${key}`, params);
}

/**
 * Build the frame of one tool.
 * @param {HTMLElement} root
 * @param {any} app
 * @param {string} name the tool, for the title and for tests
 * @param {{title?: string, back?: string, sticky?: boolean}} [options] `back` is the route that the way
 *   back leads to; `sticky` keeps the buttons in sight
 * @returns {{body: HTMLElement, actions: HTMLElement, guard: Function}}
 */
export function page(root, app, name, { title, back = "service", sticky = false } = {}) {
  app.frame({ title: title || w(`tool.${name}`) });
  root.dataset.tool = name;
  const body = h("div", { class: "tech-body", "data-test": `tech-${name}` });
  const actions = h("div", { class: `row tech-actions${sticky ? " tech-sticky" : ""}` },
    button({ label: t("core.back"), icon: "back", test: "tech-back", press: () => app.go(back) }));
  fill(root, h("section", { class: "page tech" }, actions, body));

  /** Run something that may be refused; a refusal is shown and nothing else happens. */
  async function guard(work) {
    try {
      return await work();
    } catch (error) {
      if (!error.code) throw error;
      app.problem(error);
      return undefined;
    }
  }

  return { body, actions, guard };
}

/** Load what a screen begins with; a refusal takes the place of its content. */
export async function load(body, work) {
  fill(body, h("p", { class: "quiet", role: "status" }, w("loading")));
  try {
    await work();
  } catch (error) {
    if (!error.code) throw error;
    fill(body, problemPanel(error));
  }
}

/** A list of facts: pairs of a word and what it is. */
export function facts(pairs) {
  return h("dl", { class: "tech-facts" }, pairs.filter(([, said]) => said !== null && said !== undefined && said !== "")
    .map(([word, said]) => h("div", {}, h("dt", {}, word), h("dd", { dir: "auto" }, said))));
}

/** A note above or below a control. */
export function note(text, tone = "quiet") {
  return h("p", { class: tone === "quiet" ? "quiet" : `tone-${tone}`, dir: "auto" }, text);
}

/** A row of a few choices of which one stays pressed. */
export function choice({ label, options, value, pick, test }) {
  const element = h("div", { class: "row tech-choice", role: "group", "aria-label": label });
  const draw = (chosen) => fill(element, options.map(([name, word]) =>
    button({ label: word, pressed: name === chosen, test: `${test}-${name}`, press: () => { draw(name); pick(name); } })));
  draw(value);
  return element;
}

/** Size in words. */
export function bytes(count, number) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6]]) {
    if (count >= size) return `${number(count / size, { maximumFractionDigits: 1 })} ${unit}`;
  }
  return `${number(Math.round(count / 1e3))} kB`;
}
