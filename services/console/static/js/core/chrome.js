/** What stands around every screen: the bar, the navigation, and the cover when the box is away. */

import { badge } from "../parts/badge.js";
import { icon } from "../parts/icons.js";
import { fill, h } from "./dom.js";
import { date, plural, t } from "./i18n.js";
import { live } from "./live.js";

const PLACES = [["worklist", "list"], ["acquire", "camera"], ["exams", "exams"], ["menu", "menu"]];
const STATUS_MS = 10000;
const SOONEST_MS = 1000;

/**
 * @param {any} app
 * @returns {{frame: Function, mark: Function, relabel: Function}}
 */
export function makeChrome(app) {
  const title = document.getElementById("title");
  const facts = document.getElementById("facts");
  const nav = document.getElementById("nav");
  const cover = makeCover();
  let status = null;
  let asked = 0;
  let soon = 0;

  function frame({ title: words, bare = false }) {
    title.textContent = words || "";
    document.title = [words, app.facts && app.facts.station].filter(Boolean).join(" · ");
    document.body.dataset.bare = bare ? "yes" : "no";
  }

  function mark(screen) {
    for (const link of nav.children) {
      if (link.dataset.place === screen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  function relabel() {
    nav.setAttribute("aria-label", t("core.nav.label"));
    fill(nav, PLACES.map(([place, picture]) =>
      h("a", { class: "nav-place", href: `#/${place}`, "data-place": place, "data-test": `nav-${place}` },
        icon(picture), h("span", {}, t(`core.nav.${place}`)))));
    draw();
  }

  async function ask() {
    clearTimeout(soon);
    soon = 0;
    asked = performance.now();
    try {
      status = await app.api.get("/api/status");
    } catch (error) {
      if (error.code !== "G-9101") return;
      status = null;
    }
    draw();
  }

  function askSoon() {
    if (soon) return;
    soon = setTimeout(ask, Math.max(0, asked + SOONEST_MS - performance.now()));
  }

  function draw() {
    if (!status) {
      fill(facts);
      return;
    }
    fill(facts, statusParts(status));
  }

  live.on("online", () => { cover.hide(); askSoon(); });
  live.on("offline", () => cover.show());
  live.on("changed", askSoon);
  setInterval(askSoon, STATUS_MS);
  return { frame, mark, relabel };
}

function statusParts(status) {
  const away = status.peers.filter((peer) => peer.fault);
  return [
    h("span", { "data-test": "bar-peers" }, badge(away.length ? "offline" : "online",
      away.length ? plural("core.bar.peers_away", away.length) : t("core.bar.online"))),
    h("span", { "data-test": "bar-queue" }, badge(status.held ? "held" : status.owed ? "waiting" : "done", queueWords(status))),
    h("span", { "data-test": "bar-space" }, spaceWords(status)),
    h("time", { "data-test": "bar-clock", datetime: status.now }, date(status.now, "time")),
  ];
}

function queueWords(status) {
  if (status.held) return plural("core.bar.held", status.held);
  return status.owed ? plural("core.bar.owed", status.owed) : t("core.bar.nothing_owed");
}

function spaceWords(status) {
  if (!status.accepts_exams) return t("core.bar.full");
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
