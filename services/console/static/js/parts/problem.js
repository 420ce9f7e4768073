/** The four answers of every refusal: what happened, are the data safe, what to do, and a code. */

import { h } from "../core/dom.js";
import { has, t } from "../core/i18n.js";
import { sound } from "../core/sound.js";
import { button } from "./button.js";
import { openDialog } from "./dialog.js";
import { icon } from "./icons.js";

const DATA = { yes: ["check", "good"], partly: ["warning", "caution"], no: ["stop_sign", "bad"] };

/** The words of one refusal in the language of the screen. */
export function problemWords(error) {
  const code = error.code || "G-9000";
  const said = (part, fallback) => {
    const key = `error.${code}.${part}`;
    return has(key) ? t(key, error.params || {}) : fallback || "";
  };
  return { code, what: said("what", error.text || String(error.message || error)), data: error.data || "yes",
    safe: said("safe", error.safe), todo: said("todo", error.todo) };
}

/** The panel itself, to be put into a screen or a sheet. */
export function problemPanel(error) {
  const words = problemWords(error);
  const [mark, colour] = DATA[words.data] || DATA.yes;
  return h(
    "section",
    { class: "problem", role: "alert", "data-test": "problem", "data-code": words.code },
    h("p", { class: "problem-what", dir: "auto" }, icon("warning"), h("span", {}, words.what)),
    h("dl", {},
      h("dt", {}, t("core.problem.safe")),
      h("dd", { class: `tone-${colour}` }, icon(mark), h("span", {}, words.safe)),
      h("dt", {}, t("core.problem.todo")),
      h("dd", { dir: "auto" }, words.todo)),
    h("p", { class: "problem-code" }, t("core.problem.code", { code: words.code })),
  );
}

let shown = null;

/** Show a refusal above the screen; the newest takes the place of the one before. */
export function showProblem(error) {
  if (shown) shown.close();
  sound("refused");
  const sheet = openDialog({
    title: t("core.problem.title"),
    content: problemPanel(error),
    test: "problem-sheet",
    kind: "warning",
    actions: [button({ label: t("core.understood"), icon: "check", kind: "primary", test: "problem-close",
      press: () => sheet.close() })],
    closed: () => { shown = null; },
  });
  shown = sheet;
  return sheet;
}
