/** Words by key, plurals, dates and ages in the language that was chosen. */

import { get } from "./api.js";

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

let words = {};
let language = "en";
let rules = new Intl.PluralRules("en");

/** English dates and times as most of the world that reads English writes them. */
const REGIONS = { en: "en-GB" };
const formats = () => REGIONS[language] || language;

/** Load a language and turn the page to it. */
export async function setLanguage(code) {
  words = await get(`/api/locale/${encodeURIComponent(code)}`);
  language = code;
  rules = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr";
}

export function currentLanguage() {
  return language;
}

/**
 * The words of a key; `{name}` is filled from params. A key without words is shown as it is.
 * @param {string} key
 * @param {Object<string, any>} [params]
 */
export function t(key, params = {}) {
  const text = words[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => (params[name] === undefined ? "" : String(params[name])));
}

/** Whether there are words for this key. */
export function has(key) {
  return words[key] !== undefined;
}

/** The form of `key` for the number n, which is also the parameter `n`. */
export function plural(key, n, params = {}) {
  const form = `${key}.${rules.select(n)}`;
  return t(has(form) ? form : `${key}.other`, { n: number(n), ...params });
}

/** A number as the language writes it; Western digits, as on labels and wristbands. */
export function number(n, options = {}) {
  return new Intl.NumberFormat(`${formats()}-u-nu-latn`, options).format(n);
}

/**
 * A date; DICOM's YYYYMMDD and ISO 8601 are both understood.
 * @param {string} text
 * @param {"date"|"time"|"both"} [what]
 */
export function date(text, what = "date") {
  const when = parse(text);
  if (!when) return text || "";
  const clock = { timeStyle: "short", hourCycle: "h23" };
  const options = { date: { dateStyle: "medium" }, time: clock, both: { dateStyle: "medium", ...clock } }[what];
  return new Intl.DateTimeFormat(`${formats()}-u-nu-latn-ca-gregory`, { ...options, timeZone: "UTC" }).format(when);
}

function parse(text) {
  if (!text) return null;
  const plain = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  // the hospital's wall time as the box wrote it, whatever zone this browser is in
  const wall = String(text).replace(/(T.*?)(Z|[+-]\d{2}:?\d{2})$/, "$1Z");
  const when = new Date(plain ? `${plain[1]}-${plain[2]}-${plain[3]}` : /T[^Z]*$/.test(wall) ? `${wall}Z` : wall);
  return Number.isNaN(when.getTime()) ? null : when;
}

/** An age as the box gives it: `{years}` or, for small children, `{months}` or `{days}`. */
export function age(value) {
  if (!value) return "";
  for (const unit of ["years", "months", "days"]) {
    if (value[unit] !== undefined && value[unit] !== null) return plural(`core.age.${unit}`, value[unit]);
  }
  return "";
}

/** How long ago, in the largest unit that says something. */
export function ago(seconds) {
  const format = new Intl.RelativeTimeFormat(`${formats()}-u-nu-latn`, { numeric: "auto" });
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return t("core.just_now");
}
