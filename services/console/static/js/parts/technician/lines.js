/** Steps of a test as they come: icon, words, and what to do where one failed. */

import { get } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { handsOff } from "../../core/hands.js";
import { badge } from "../badge.js";
import { w } from "../../screens/technician/page.js";

const GLANCE_MS = 300;

/** One step. */
export function lineRow(line) {
  return h("li", { class: "tech-line", "data-test": "tech-line", "data-ok": String(line.ok) },
    badge(line.done === false ? "waiting" : line.ok ? "done" : "failed", line.what),
    h("span", { class: "tech-said", dir: "auto" }, line.said),
    line.advice && h("span", { class: "tech-advice", dir: "auto" }, line.advice));
}

/** All steps of something that is over. */
export function lineList(lines) {
  return h("ul", { class: "tech-lines" }, lines.map(lineRow));
}

/**
 * Follow a job until it is done.
 * @param {number} job
 * @param {{draw: (lines: any[]) => void, done?: (lines: any[]) => void, failed: (error: any) => void}} told
 * @returns {() => void} looks no longer
 */
export function followJob(job, { draw, done = () => {}, failed }) {
  const lines = [];
  let timer = 0;
  let ended = false;

  async function look() {
    try {
      const told = await get(`/api/technician/jobs/${job}?after=${lines.length}`);
      await handsOff();
      if (ended) return;
      lines.push(...told.lines);
      draw(lines, told.done);
      if (told.done) done(lines);
      else timer = setTimeout(look, GLANCE_MS);
    } catch (error) {
      if (!ended) failed(error);
    }
  }

  look();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** The word that stands while nothing has come yet. */
export function waiting() {
  return h("p", { class: "quiet", role: "status" }, w("running"));
}
