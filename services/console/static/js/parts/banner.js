/** Whose exam it is: on every screen of an exam, always. */

import { h } from "../core/dom.js";
import { age, date, t } from "../core/i18n.js";
import { initials, personName } from "../core/names.js";

const COLOURS = 6;
let preferred = "alphabetic";

/** Which group of a name is shown large. */
export function setNamePreference(names) {
  preferred = names;
}

/**
 * @param {Object} exam as the box describes it: exam, patient_name, birth_date, age, sex, patient_id,
 *   accession_number, procedure, side
 * @returns {HTMLElement}
 */
export function banner(exam) {
  const name = personName(exam.patient_name, preferred);
  return h(
    "section",
    { class: "banner", "data-test": "banner", "data-exam": exam.exam, "aria-label": t("core.banner.label") },
    h("span", { class: `banner-mark ${markName(mark(exam))}`, "aria-hidden": "true" }, initials(exam.patient_name)),
    h(
      "div",
      { class: "banner-who" },
      h("strong", { class: "banner-name", dir: "auto" }, name.main || t("core.banner.no_name"),
        name.others.map((other) => h("small", { class: "banner-other", dir: "auto" }, other))),
      h("dl", { class: "banner-facts" }, facts(exam).map(([key, value]) => fact(key, value))),
    ),
  );
}

function facts(exam) {
  const years = age(exam.age);
  const sex = exam.sex ? t(`core.sex.${exam.sex}`) : "";
  const born = exam.birth_date ? `${date(exam.birth_date)}${years ? ` (${years})` : ""}` : "";
  return [
    ["birth_date", born],
    ["sex", sex],
    ["patient_id", exam.patient_id],
    ["accession", exam.accession_number],
    ["procedure", [exam.procedure, exam.side && t(`core.side.${exam.side}`)].filter(Boolean).join(" · ")],
  ];
}

function fact(key, value) {
  return h("div", { class: `banner-fact banner-${key}` },
    h("dt", {}, t(`core.banner.${key}`)),
    h("dd", { dir: "auto", "data-test": `banner-${key}` }, value || t("core.unknown")));
}

/** The class of a mark's colour. */
export function markName(index) {
  return `banner-mark-${index}`;
}

/** Which colour an exam has. Exams are numbered in turn, so that two that follow each other never look the same. */
export function mark(exam) {
  const number = Number.parseInt(exam.exam, 10);
  if (!Number.isNaN(number)) return number % COLOURS;
  return [...String(exam.exam)].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
}
