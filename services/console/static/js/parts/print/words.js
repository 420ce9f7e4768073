/** Words that the screens of printing share: how printers are, and why. */

import { h } from "../../core/dom.js";
import { ago, has, t } from "../../core/i18n.js";
import { icon } from "../icons.js";

const MARKS = {
  ready: ["check", "good"], warning: ["warning", "caution"], failure: ["stop_sign", "bad"],
  away: ["cloud_off", "caution"], unknown: ["question", "plain"],
};

/** Icon, word and colour of how a printer is. */
export function conditionBadge(health) {
  const [mark, colour] = MARKS[health.condition] || MARKS.unknown;
  return h("span", { class: `badge badge-${colour}`, "data-state": health.condition },
    icon(mark), h("span", { class: "badge-word" }, t(`print.condition.${health.condition}`)));
}

/** Why it is so, a sentence each, then its own words. */
export function reasons(health) {
  return [
    health.reasons.map((each) => h("p", { "data-reason": each, class: "tone-caution" }, has(`print.reason.${each}`) ? t(`print.reason.${each}`) : each)),
    health.words && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ", h("q", { dir: "auto" }, health.words)),
  ];
}

/** When a printer said so, where it was not just now. */
export function said(health) {
  return health.asked ? t("print.asked", { ago: ago(Math.max(0, Date.now() / 1000 - health.asked)) }) : "";
}

/** Digits that keep their order where text runs from right to left. */
function leftToRight(text) {
  return `\u2066${text}\u2069`;
}

/** A display format as people say it: columns by rows, or boxes in each row or column. */
export function layoutWord(format) {
  const [kind, counts] = format.split("\\");
  if (kind === "STANDARD") return leftToRight(counts.replace(",", " × "));
  return t(kind === "ROW" ? "print.layout.rows" : "print.layout.columns", { counts: leftToRight(counts.replaceAll(",", " + ")) });
}

/** A Film Size ID as people say it. */
export function sizeWord(id) {
  return leftToRight(id.replaceAll("_", ".").replace("INX", " × ").replace(/IN$/, " in").replace("CMX", " × ").replace(/CM$/, " cm"));
}

/** A name that stands for one tap, so that a tap that is sent twice is done once. */
export function token() {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}
