/** Wherever somebody is: when the box doubts whose exam is open, the question comes first. */

import { handsOff } from "./hands.js";
import { live } from "./live.js";

const SOONEST_MS = 1000;
const REST_MS = 20000;

/** Screens where the question is asked already, or that are part of its answer. */
const LEFT_ALONE = new Set(["resume", "finish", "review", "signin", "help", "service", "match", "reconcile"]);

/** Screens where somebody could go on with a patient while an exam of another one lies open. */
const NEXT_PATIENT = new Set(["worklist", "confirm", "unscheduled", "acquire"]);

/** @param {any} app */
export function watchAtHand(app) {
  let asked = 0;
  let soon = 0;
  let first = true;

  async function look() {
    soon = 0;
    asked = performance.now();
    if (!app.facts || app.role === "nobody" || !live.online) return;
    const found = await app.api.get("/api/at-hand").catch(() => null);
    await handsOff();
    if (found) follow(found);
    first = first && !found;
  }

  function follow(found) {
    const screen = document.getElementById("screen").dataset.screen;
    if (LEFT_ALONE.has(screen)) return;
    // a wrong wristband has its own alarm on the screen that takes pictures
    if (found.ask === "wristband") {
      if (screen !== "acquire") app.go("acquire");
      return;
    }
    if (found.ask || (!found.exam && found.open.length > 0 && NEXT_PATIENT.has(screen))) {
      app.go("resume");
      return;
    }
    // the page came up anew in the middle of an exam: it is where it was
    if (first && found.exam && screen === "worklist" && !location.hash) app.go("acquire");
  }

  function lookSoon() {
    if (!soon) soon = setTimeout(look, Math.max(0, asked + SOONEST_MS - performance.now()));
  }

  live.on("changed", lookSoon);
  live.on("online", lookSoon);
  setInterval(lookSoon, REST_MS);
  lookSoon();
}
