/** Words for what an entry or a patient says, the same on every screen. */

import { age, date, t } from "../../core/i18n.js";

/** Birth date with the age that the box worked out. */
export function bornWords(facts) {
  if (!facts.birth_date) return "";
  const years = age(facts.age);
  return years ? `${date(facts.birth_date)} (${years})` : date(facts.birth_date);
}

export function sexWords(facts) {
  return facts.sex ? t(`core.sex.${facts.sex}`) : "";
}

export function sideWords(facts) {
  return facts.side ? t(`core.side.${facts.side}`) : "";
}

/** One warning in words; what the RIS or the entry says stands in it as it came. */
export function warningWords(warning) {
  return t(`worklist.warn.${warning.kind}`, {
    ...warning,
    date: warning.date ? date(warning.date) : "",
    at: warning.at || t("worklist.unknown_place"),
  });
}

/** `HHMM` as a clock shows it. */
export function timeWords(time) {
  return time ? `${time.slice(0, 2)}:${time.slice(2, 4) || "00"}` : "";
}

/** Text for comparing: without case, accents and width, as the box folds what it looks up. */
export function folded(text) {
  const letters = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ё: "е", ß: "ss" };
  return text.toLowerCase().replace(/[øłđðþæœıёß]/g, (letter) => letters[letter])
    .normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
}
