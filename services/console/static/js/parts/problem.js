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
  const params = { ...error.params };
  if (params.role) params.role = t(`core.role.${params.role}`);
  const said = (part, fallback) => {
    const key = `error.${code}.${part}`;
    return has(key) ? t(key, params) : fallback || "";
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

/** Refusals that end when somebody else signs in. */
const SIGN_IN = new Set(["G-9101", "G-9102"]);

let shown = null;

/** Take the refusal away that is shown, if one is: the person went on. */
export function closeProblem() {
  if (shown) shown.close();
}

/**
 * Show a refusal above the screen; the newest takes the place of the one before.
 * @param {any} error
 * @param {() => void} [signIn] offered where another person might do it
 */
export function showProblem(error, signIn) {
  closeProblem();
  sound("refused");
  const sheet = openDialog({
    title: t("core.problem.title"),
    content: problemPanel(error),
    test: "problem-sheet",
    kind: "warning",
    actions: [
      signIn && SIGN_IN.has(error.code) && button({ label: t("core.menu.signin"), icon: "person", test: "problem-signin",
        press: () => { sheet.close(); signIn(); } }),
      button({ label: t("core.understood"), icon: "check", kind: "primary", test: "problem-close",
        press: () => sheet.close() }),
    ].filter(Boolean),
    closed: () => { shown = null; },
  });
  shown = sheet;
  return sheet;
}
