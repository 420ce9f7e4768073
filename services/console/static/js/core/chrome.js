/** What stands around every screen: bar, navigation, the open exam, and the cover. */

import { badge } from "../parts/badge.js";
import { mark as markOf, markName } from "../parts/banner.js";
import { icon } from "../parts/icons.js";
import { fill, h } from "./dom.js";
import { handsOff } from "./hands.js";
import { date, plural, t } from "./i18n.js";
import { live } from "./live.js";
import { personName } from "./names.js";

const PLACES = [["worklist", "list"], ["acquire", "camera"], ["exams", "exams"], ["menu", "menu"]];
/** Screens that show the patient of the exam themselves. */
const WITH_BANNER = new Set(["acquire", "review", "finish", "resume", "print"]);
const STATUS_MS = 10000;
const SOONEST_MS = 1000;
const TOUCH_MS = 20000;

/**
 * @param {any} app
 * @returns {{frame: Function, mark: Function, relabel: Function, coverAway: Function}}
 */
export function makeChrome(app) {
  const title = document.getElementById("title");
  const facts = document.getElementById("facts");
  const nav = document.getElementById("nav");
  const open = document.getElementById("open");
  const cover = makeCover();
  let status = null;
  let screen = "";
  let asked = 0;
  let soon = 0;
  let touched = 0;

  function frame({ title: words, bare = false }) {
    title.textContent = words || "";
    document.title = [words, app.facts && app.facts.station].filter(Boolean).join(" · ");
    document.body.dataset.bare = bare ? "yes" : "no";
  }

  function mark(name) {
    screen = name;
    for (const link of nav.children) {
      if (link.dataset.place === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    drawOpen();
  }

  function relabel() {
    nav.setAttribute("aria-label", t("core.nav.label"));
    fill(nav, PLACES.map(([place, picture]) =>
      h("a", { class: "nav-place", href: `#/${place}`, "data-place": place, "data-test": `nav-${place}` },
        icon(picture), h("span", {}, t(`core.nav.${place}`)))));
    mark(screen);
    draw();
  }

  async function ask() {
    clearTimeout(soon);
    soon = 0;
    asked = performance.now();
    if (!app.facts || app.role === "nobody") return;
    try {
      status = await app.api.get("/api/status");
    } catch (error) {
      // while the box is away the cover says so; signed out, the next screen does
      if (error.code !== "G-9101") return;
      status = null;
    }
    await handsOff();
    if (!status || status.role !== app.role) await app.reload();
    draw();
  }

  function askSoon() {
    if (soon) return;
    soon = setTimeout(ask, Math.max(0, asked + SOONEST_MS - performance.now()));
  }

  function draw() {
    fill(facts, status && statusParts(status));
    drawOpen();
  }

  function drawOpen() {
    const exam = status && status.open;
    open.hidden = !exam || WITH_BANNER.has(screen);
    if (!exam) return fill(open);
    const name = personName(exam.patient_name, app.preferences.names).main || t("core.banner.no_name");
    return fill(open, h("span", { class: `open-mark ${markName(markOf(exam))}`, "aria-hidden": "true" }, icon("camera")),
      h("span", {}, t("core.nav.open_exam")), h("strong", { dir: "auto", "data-test": "open-exam" }, name),
      h("span", { dir: "auto" }, exam.patient_id || ""));
  }

  function touch() {
    const now = performance.now();
    if (!app.facts || !app.person || now - touched < TOUCH_MS) return;
    touched = now;
    app.api.post("/api/session/touch").catch(() => {});
  }

  live.on("online", () => { cover.hide(); askSoon(); });
  live.on("offline", () => cover.show());
  live.on("changed", askSoon);
  setInterval(askSoon, STATUS_MS);
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, touch, { capture: true, passive: true });
  return { frame, mark, relabel, askSoon, coverAway: () => cover.hide() };
}

function statusParts(status) {
  const away = status.peers.filter((peer) => peer.fault);
  return [
    h("span", { "data-test": "bar-peers" }, badge(away.length ? "offline" : "online",
      away.length ? plural("core.bar.peers_away", away.length) : t("core.bar.online"))),
    h("span", { "data-test": "bar-queue" }, badge(status.held ? "held" : status.owed ? "waiting" : "done", queueWords(status))),
    h("span", { "data-test": "bar-space", class: status.accepts_exams ? null : "tone-bad" }, spaceWords(status)),
    clock(status),
  ];
}

function clock(status) {
  const trusted = status.clock === "synchronised";
  return h("span", { class: `bar-clock${trusted ? "" : " tone-caution"}`, "data-test": "bar-clock", "data-clock": status.clock },
    h("time", { datetime: status.now }, date(status.now, "time")),
    !trusted && h("span", { class: "bar-mark", role: "img", "aria-label": t(`core.bar.clock_${status.clock}`),
      title: t(`core.bar.clock_${status.clock}`) }, "?"));
}

function queueWords(status) {
  if (status.held) return plural("core.bar.held", status.held);
  return status.owed ? plural("core.bar.owed", status.owed) : t("core.bar.nothing_owed");
}

function spaceWords(status) {
  if (!status.accepts_exams) return t("core.bar.full");
  if (status.exams_left !== null) return plural("core.bar.exams_left", status.exams_left);
  return t("core.bar.disk", { percent: Math.round(status.disk_percent) });
}

/** A grey cover over everything: nothing on the screen is true while the box does not answer. */
function makeCover() {
  const element = document.getElementById("cover");
  element.addEventListener("cancel", (event) => event.preventDefault());
  return {
    show() {
      if (element.open) return;
      fill(element, h("div", { role: "alert" }, icon("cloud_off"), h("h2", {}, t("core.away.title")), h("p", {}, t("core.away.text"))));
      element.showModal();
    },
    hide() {
      if (element.open) element.close();
    },
  };
}
