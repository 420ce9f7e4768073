/** What the signs mean, what to do when something does not work, and every code. */

import { fill, h } from "../core/dom.js";
import { has } from "../core/i18n.js";
import { badge, STATES } from "../parts/badge.js";
import { button } from "../parts/button.js";
import { openNumpad } from "../parts/numpad.js";
import { problemPanel } from "../parts/problem.js";

const TOPICS = ["exam", "pedal", "offline", "wrong_patient", "held", "power"];

export async function show(root, params, app) {
  app.frame({ title: app.t("help.title") });
  const known = await app.api.get("/api/problems");
  const place = h("div", { class: "page" });
  root.append(place);
  if (params.code) code(params.code);
  else overview();

  function overview() {
    fill(place,
      h("div", { class: "choices" },
        button({ label: app.t("help.code"), icon: "search", kind: "primary", test: "help-code", press: ask }),
        button({ label: app.t("help.codes"), icon: "list", test: "help-codes", press: codes })),
      h("h2", { class: "help-head" }, app.t("help.topics")),
      TOPICS.map((topic) => h("details", { class: "section", "data-test": `help-${topic}` },
        h("summary", { class: "summary" }, app.t(`help.${topic}.title`)), h("p", {}, app.t(`help.${topic}.text`)))),
      h("h2", { class: "help-head" }, app.t("help.signs")),
      h("dl", { class: "glossary" }, Object.keys(STATES).filter((state) => has(`help.state.${state}`)).map((state) => [
        h("dt", {}, badge(state)), h("dd", {}, app.t(`help.state.${state}`))])));
    root.scrollTop = 0;
  }

  async function ask() {
    const digits = await openNumpad({ label: app.t("help.enter"), longest: 4, test: "help-pad" });
    if (digits) code(`G-${digits}`);
  }

  function back() {
    return button({ label: app.t("core.back"), icon: "back", test: "help-back", press: overview });
  }

  function code(wanted) {
    const found = known.find((each) => each.code === wanted);
    fill(place, back(), found ? problemPanel(found)
      : h("p", { class: "section", "data-test": "help-unknown" }, app.t("help.unknown", { code: wanted })));
    root.scrollTop = 0;
  }

  function codes() {
    fill(place, back(), h("ul", { class: "plain-list" }, known.map((each) =>
      h("li", {}, button({ label: `${each.code}  ${words(each)}`, kind: "quiet", test: `help-${each.code}`, press: () => code(each.code) })))));
    root.scrollTop = 0;
  }

  function words(each) {
    return has(`error.${each.code}.what`) ? app.t(`error.${each.code}.what`) : each.text;
  }

  return () => {};
}
