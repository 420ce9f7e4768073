/** What a change of the configuration would do, shown before it is done. */

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { holdButton } from "../hold-button.js";
import { API, note, w } from "../../screens/technician/page.js";

/** Lines of a diff. */
export function diffList(lines) {
  return h("pre", { class: "tech-diff", dir: "ltr", "data-test": "tech-diff", tabindex: "0" }, lines.map((line) =>
    h("span", { class: line.startsWith("+") ? "tone-good" : line.startsWith("-") ? "tone-bad" : "quiet" }, `${line}\n`)));
}

/** Every fault of a proposal, with key, line and range. */
export function faultList(faults) {
  return h("ul", { class: "tech-lines", "data-test": "tech-faults" }, faults.map((fault) =>
    h("li", { class: "tech-line" },
      h("b", { dir: "ltr" }, fault.key || w("config.file"), fault.value && ` = ${fault.value}`,
        fault.line && ` (${w("config.line", { n: fault.line })})`),
      h("span", { lang: "en", dir: "auto" }, fault.problem),
      fault.allowed && h("span", { class: "quiet", lang: "en", dir: "auto" }, `${w("form.allowed")} ${fault.allowed}`),
      fault.suggestion && h("span", { class: "tech-advice", lang: "en", dir: "auto" }, fault.suggestion))));
}

/**
 * Show what `change` (edits or text) does; save it when the person holds the button.
 * @param {any} app
 * @param {{edits?: any[], text?: string}} change
 * @param {(saved: boolean) => void} [done]
 */
export async function proposeChange(app, change, done = () => {}) {
  let proposal;
  try {
    proposal = await app.api.post(`${API}/configuration/propose`, change);
  } catch (error) {
    app.problem(error);
    return;
  }
  const content = h("div", { class: "tech-proposal" }, proposal.sound
    ? [note(proposal.changed ? w("config.will") : w("config.same")), diffList(proposal.diff),
      proposal.warnings.map((each) => note(each, "caution")), note(w("config.restarts"))]
    : [note(w("config.faulty"), "bad"), faultList(proposal.faults)]);
  const sheet = openDialog({
    title: w("config.change"), content, test: "tech-proposal", kind: proposal.sound ? "plain" : "warning",
    actions: [
      button({ label: t("core.cancel"), icon: "close", test: "tech-proposal-no", press: () => sheet.close() }),
      proposal.sound && proposal.changed &&
        holdButton({ label: w("config.save"), icon: "check", test: "tech-proposal-yes", done: save }),
    ].filter(Boolean),
  });

  async function save() {
    try {
      const saved = await app.api.post(`${API}/configuration/save`, { ...change, base: proposal.base });
      sheet.close();
      if (saved.sound) app.toast("good", w("config.saved"));
      done(saved.sound);
    } catch (error) {
      sheet.close();
      app.problem(error);
    }
  }
}

/** A place that shows a diff when asked. */
export function diffPlace() {
  const element = h("div", {});
  element.show = (lines) => fill(element, diffList(lines));
  return element;
}
