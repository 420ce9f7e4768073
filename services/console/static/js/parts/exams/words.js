/** Words and small parts that the screens of exams, queue and matching share. */

import { h } from "../../core/dom.js";
import { handsOff } from "../../core/hands.js";
import { ago, number, t } from "../../core/i18n.js";
import { personName } from "../../core/names.js";
import { badge } from "../badge.js";
import { icon } from "../icons.js";

const MARKS = { kept: "acquired" };

/** Where an exam or its images stand, as a badge. */
export function standing(state) {
  return badge(MARKS[state] || state, t(`exams.standing.${state}`));
}

/** The state of the exam itself. */
export function examState(state) {
  return badge({ "IN PROGRESS": "in_progress", COMPLETED: "completed", DISCONTINUED: "discontinued" }[state] || "done");
}

/** The name as it is preferred, or that there is none. */
export function nameOf(app, raw) {
  return personName(raw, app.preferences.names).main || t("core.banner.no_name");
}

/** What one destination has, in words. */
export function counts(destination) {
  if (!destination.images) return t("exams.reports", { n: number(destination.reports) });
  const parts = [t("exams.stored", { n: number(destination.stored), total: number(destination.images) })];
  if (destination.promised) {
    parts.push(t("exams.committed", { n: number(destination.committed), total: number(destination.promised) }));
  }
  return parts.join(" · ");
}

/** Bytes in the largest unit that says something. */
export function bytes(n) {
  const unit = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, size]) => n >= size) || ["B", 1];
  return `${number(n / unit[1], { maximumFractionDigits: n >= 1e9 ? 1 : 0 })} ${unit[0]}`;
}

/** How fast it goes and how long it takes, or why it does not go. */
export function pace(found) {
  if (found.paused_seconds > 0) return t("exams.paused", { seconds: number(Math.ceil(found.paused_seconds)) });
  if (!found.bytes_per_second) return "";
  const rate = t("exams.rate", { rate: bytes(found.bytes_per_second) });
  return found.seconds_left ? `${rate} · ${left(found.seconds_left)}` : rate;
}

function left(seconds) {
  if (seconds < 60) return t("exams.left_soon");
  return t("exams.left_minutes", { n: number(Math.ceil(seconds / 60)) });
}

/** When a system last answered. */
export function contact(found, now) {
  if (!found.last_contact) return t("exams.never_answered");
  return t("exams.last_contact", { ago: ago(Math.max(0, now - found.last_contact)) });
}

/** What is owed, as a word. */
export function kindWord(kind) {
  return t(`exams.kind.${kind}`);
}

/** A sentence with a sign before it. */
export function said(sign, colour, text, test) {
  return h("p", { class: `said tone-${colour}`, "data-test": test }, icon(sign), h("span", { dir: "auto" }, text));
}

/**
 * Draw a part anew only when what it shows has changed.
 * @param {HTMLElement} place
 * @param {(data: any) => any} draw
 */
export function section(place, draw) {
  let shown = "";
  return (data) => {
    const next = JSON.stringify(data);
    if (next === shown) return;
    shown = next;
    place.replaceChildren(...[draw(data)].flat(3).filter(Boolean));
  };
}

/**
 * Ask and draw when something has changed, at most once a second, and each few seconds besides; what
 * the box said is drawn when nobody touches the screen.
 * @param {() => Promise<any>} ask
 * @param {(found: any) => void} draw
 */
export function follow(app, ask, draw, everyMs = 5000) {
  let soon = 0;
  let gone = false;
  let last = performance.now();
  const later = () => {
    if (soon || gone) return;
    soon = setTimeout(now, Math.max(0, 1000 - (performance.now() - last)));
  };
  async function now() {
    soon = 0;
    last = performance.now();
    try {
      const found = await ask();
      await handsOff();
      if (!gone) draw(found);
    } catch (error) {
      // the cover says so while the box is away; the next look shows what is true then
      if (error.code === "G-9101") app.go("signin");
    }
  }
  const off = app.live.on("changed", later);
  const clock = setInterval(later, everyMs);
  return () => {
    gone = true;
    off();
    clearTimeout(soon);
    clearInterval(clock);
  };
}
