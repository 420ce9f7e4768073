/** A date by wheels: day, month, year in the order of the language. */

import { fill, h } from "../core/dom.js";
import { currentLanguage, t } from "../core/i18n.js";
import { button } from "./button.js";
import { openDialog } from "./dialog.js";
import { icon } from "./icons.js";

const FIRST_YEAR = 1890;

/**
 * The wheels alone.
 * @param {{value?: string, last?: string, change: (date: string) => void}} options dates as YYYYMMDD
 * @returns {HTMLElement}
 */
export function dateWheel({ value, last, change }) {
  const latest = parse(last) || today();
  const shown = parse(value) || { year: 1970, month: 1, day: 1 };
  const element = h("div", { class: "wheels", "data-test": "wheels" });

  function turn(part, by) {
    if (part === "decade") shown.year = within(shown.year + by * 10, FIRST_YEAR, latest.year);
    if (part === "year") shown.year = within(shown.year + by, FIRST_YEAR, latest.year);
    if (part === "month") shown.month = around(shown.month + by, 12);
    if (part === "day") shown.day = around(shown.day + by, daysOf(shown));
    shown.day = Math.min(shown.day, daysOf(shown));
    if (written(shown) > written(latest)) Object.assign(shown, latest);
    draw();
    change(written(shown));
  }

  function wheel(part, text) {
    const step = (by, picture) => h("button", { type: "button", class: "button wheel-step",
      "data-test": `wheel-${part}-${by > 0 ? "up" : "down"}`,
      "aria-label": t(`core.wheel.${part}_${by > 0 ? "up" : "down"}`), on: { click: () => turn(part, by) } }, icon(picture));
    return h("div", { class: "wheel" }, step(1, "up"),
      h("output", { class: "wheel-value", "data-test": `wheel-${part}` }, text), step(-1, "down"));
  }

  function draw() {
    const month = new Intl.DateTimeFormat(currentLanguage(), { month: "short", timeZone: "UTC" })
      .format(new Date(Date.UTC(2000, shown.month - 1, 1)));
    const wheels = {
      day: [wheel("day", String(shown.day))],
      month: [wheel("month", month)],
      year: [wheel("decade", "±10"), wheel("year", String(shown.year))],
    };
    const held = document.activeElement && document.activeElement.getAttribute("data-test");
    fill(element, order().map((part) => wheels[part]));
    if (held) element.querySelector(`[data-test="${CSS.escape(held)}"]`)?.focus();
  }

  draw();
  return element;
}

/**
 * Ask for a date on a sheet of its own.
 * @param {{label: string, value?: string, last?: string, test: string}} options
 * @returns {Promise<string|null>} YYYYMMDD; empty when it was taken away, null when it was given up
 */
export function openDateWheel({ label, value = "", last, test }) {
  return new Promise((resolve) => {
    let chosen = value || written({ year: 1970, month: 1, day: 1 });
    let answer = null;
    const end = (said) => {
      answer = said;
      sheet.close();
    };
    const sheet = openDialog({
      title: label,
      content: dateWheel({ value, last, change: (date) => { chosen = date; } }),
      test,
      closable: false,
      actions: [
        button({ label: t("core.cancel"), icon: "close", test: `${test}-cancel`, press: () => end(null) }),
        button({ label: t("core.wheel.none"), icon: "erase", test: `${test}-none`, press: () => end("") }),
        button({ label: t("core.done"), icon: "check", kind: "primary", test: `${test}-done`, press: () => end(chosen) }),
      ],
      closed: () => resolve(answer),
    });
  });
}

function order() {
  const language = currentLanguage() === "en" ? "en-GB" : currentLanguage();
  return new Intl.DateTimeFormat(`${language}-u-ca-gregory`).formatToParts(new Date()).map((part) => part.type)
    .filter((type) => ["day", "month", "year"].includes(type));
}

function parse(text) {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(text || "");
  return found && { year: Number(found[1]), month: Number(found[2]), day: Number(found[3]) };
}

function today() {
  const now = new Date();
  return { year: now.getFullYear(), month: now.getMonth() + 1, day: now.getDate() };
}

function written({ year, month, day }) {
  return `${String(year).padStart(4, "0")}${String(month).padStart(2, "0")}${String(day).padStart(2, "0")}`;
}

function daysOf({ year, month }) {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function within(value, lowest, highest) {
  return Math.max(lowest, Math.min(highest, value));
}

function around(value, count) {
  return ((value - 1 + count) % count) + 1;
}
