/** A patient who is not on the worklist: what they say of themselves, and nothing else. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { field } from "../parts/field.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { closeKeys, newToken, openExam } from "../parts/worklist/open-exam.js";

const SEXES = ["F", "M", "O"];
const LONGEST = 64;

export async function show(root, params, app) {
  const said = { names: [{}, {}, {}], patient_id: "", birth_date: "", sex: "", procedure: "" };
  const token = newToken();
  let busy = false;
  const start = holdButton({ label: t("worklist.unscheduled.start"), icon: "check", test: "unscheduled-start", done: begin });
  const told = h("p", { class: "confirm-told", role: "status", "data-test": "unscheduled-told" });
  const sexes = h("div", { class: "un-sexes", role: "group", "aria-label": t("core.banner.sex") });

  function text(key, test, options = {}) {
    return field({ label: t(`worklist.unscheduled.${test}`), test: `un-${test}`, longest: LONGEST, value: said[key],
      change: (value) => { said[key] = value; tell(); }, ...options });
  }

  function name(group, part, test) {
    return field({ label: t(`worklist.unscheduled.${test}`), test: `un-${test}`, longest: 32, value: "",
      change: (value) => { said.names[group][part] = value; tell(); } });
  }

  function drawSexes() {
    sexes.replaceChildren(...SEXES.map((sex) => button({ label: t(`core.sex.${sex}`), test: `un-sex-${sex}`, pressed: said.sex === sex,
      press: () => { said.sex = said.sex === sex ? "" : sex; drawSexes(); } })));
  }

  /** One of name and ID is enough, as DICOM has it; which is missing is said. */
  function tell() {
    const named = said.names.some((group) => group.family || group.given);
    const enough = named || Boolean(said.patient_id.trim());
    start.disabled = !enough;
    told.replaceChildren(icon(enough ? "info" : "warning"), t(enough ? "worklist.unscheduled.enough" : "worklist.unscheduled.need"));
  }

  async function begin() {
    if (busy) return;
    busy = true;
    try {
      const names = said.names.map(({ family = "", given = "" }) => ({ family, given }));
      while (names.length && !names.at(-1).family && !names.at(-1).given) names.pop();
      await openExam(app, "unscheduled", { ...said, names, token });
    } catch (error) {
      app.problem(error);
    } finally {
      busy = false;
    }
  }

  const several = app.preferences.names !== "alphabetic" || app.preferences.language === "ja";
  app.frame({ title: t("worklist.unscheduled"), bare: true });
  drawSexes();
  tell();
  root.append(h("div", { class: "confirm" },
    h("div", { class: "confirm-body un-fields", tabindex: "0", role: "region", "aria-label": t("worklist.unscheduled") },
      name(0, "family", "family"), name(0, "given", "given"),
      several && [name(1, "family", "ideographic_family"), name(1, "given", "ideographic_given"),
        name(2, "family", "phonetic_family"), name(2, "given", "phonetic_given")],
      text("patient_id", "patient_id"),
      text("birth_date", "birth_date", { kind: "date" }),
      sexes,
      text("procedure", "procedure")),
    told,
    h("div", { class: "confirm-actions" },
      button({ label: t("core.back"), icon: "back", test: "unscheduled-back", press: () => app.go("worklist") }),
      start)));
  return closeKeys;
}
