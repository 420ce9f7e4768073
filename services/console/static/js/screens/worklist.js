/** The worklist: who comes today, and the way to the right patient. */

import { fill, h } from "../core/dom.js";
import { handsOff } from "../core/hands.js";
import { ago, plural, t } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { badge } from "../parts/badge.js";
import { openKeyboard } from "../parts/keyboard.js";
import { askEmergency } from "../parts/worklist/emergency.js";
import { closeKeys } from "../parts/worklist/open-exam.js";
import { worklistRow } from "../parts/worklist/row.js";
import { listenForCodes, makeScanning } from "../parts/worklist/scanning.js";
import { openShowSheet } from "../parts/worklist/show-sheet.js";
import { folded } from "../parts/worklist/words.js";

const CHUNK = 30;
const SOONEST_MS = 1500;
const REST_MS = 60000;

/** What was looked at last stays while the page lives: back from a patient, the same list. */
const kept = { days: { preset: "today" }, filter: "" };

export async function show(root, params, app) {
  const screen = new Worklist(root, app);
  await screen.load();
  return () => screen.leave();
}

class Worklist {
  constructor(root, app) {
    this.app = app;
    this.answer = null;
    this.chosen = null;
    this.gone = false;
    this.sheet = null;
    this.asked = 0;
    this.turn = 0;
    this.scanning = makeScanning(app, () => this.day());
    this.build(root);
    this.off = [
      listenForCodes(app, (text) => this.scanning.take(text)),
      app.live.on("changed", () => this.loadSoon()),
    ];
    this.rest = setInterval(() => this.loadSoon(), REST_MS);
    app.frame({ title: t("core.nav.worklist") });
  }

  build(root) {
    this.head = h("div", { class: "wl-head", "data-test": "worklist-age" });
    this.list = h("div", { class: "wl-list", role: "group", "aria-label": t("core.nav.worklist"), tabindex: "0", "data-test": "worklist" });
    this.list.addEventListener("scroll", () => this.more(), { passive: true });
    this.tools = h("div", { class: "wl-tools" });
    root.append(h("div", { class: "wl" }, this.head, this.list, this.tools));
    this.drawTools();
  }

  drawTools() {
    const choosing = this.chosen !== null;
    const usual = [
      button({ label: t("worklist.unscheduled"), icon: "plus", test: "unscheduled", press: () => this.app.go("unscheduled") }),
      button({ label: t("worklist.emergency"), icon: "emergency", kind: "danger", test: "emergency", press: () => { this.sheet = askEmergency(this.app); } }),
      button({ label: t("worklist.search"), icon: "search", test: "search", pressed: Boolean(kept.filter), press: () => this.search() }),
      button({ label: t(`worklist.preset.${kept.days.preset}`), icon: "list", test: "show", press: () => this.showSheet() }),
    ];
    const selecting = [
      button({ label: t("core.cancel"), icon: "close", test: "select-cancel", press: () => this.select(null) }),
      button({ label: plural("worklist.select.open", choosing ? this.chosen.size : 0), icon: "check", kind: "primary",
        test: "select-open", disabled: !choosing || this.chosen.size === 0, press: () => this.confirm([...this.chosen]) }),
    ];
    fill(this.tools, choosing ? selecting : usual,
      button({ label: t("worklist.up"), icon: "up", iconOnly: true, test: "page-up", press: () => this.page(-1) }),
      button({ label: t("worklist.down"), icon: "down", iconOnly: true, test: "page-down", press: () => this.page(1) }));
  }

  day() {
    return this.answer ? this.answer.today.replaceAll("-", "") : "";
  }

  async load() {
    clearTimeout(this.soon);
    this.soon = 0;
    this.asked = performance.now();
    this.turn += 1;
    const mine = this.turn;
    const known = this.answer ? this.answer.digest : "";
    const query = new URLSearchParams({ ...kept.days, known });
    const answer = await this.app.api.get(`/api/worklist?${query}`);
    await handsOff();
    // other days may have been chosen meanwhile
    if (this.gone || mine !== this.turn) return;
    if (answer.same) Object.assign(this.answer, { sources: answer.sources });
    else this.answer = answer;
    this.drawHead();
    if (!answer.same) this.draw();
  }

  loadSoon() {
    if (this.soon || this.gone) return;
    this.soon = setTimeout(() => this.load().catch(() => {}), Math.max(0, this.asked + SOONEST_MS - performance.now()));
  }

  drawHead() {
    const { sources } = this.answer;
    fill(this.head,
      h("span", { class: "wl-scan" }, t("worklist.scan.hint")),
      sources.length === 0 && badge("offline", t("worklist.no_ris")),
      sources.map((source) => h("span", { "data-test": `source-${source.peer}` },
        badge(source.online ? "online" : "offline", sourceWords(source)))));
  }

  draw() {
    const words = folded(kept.filter).split(/\s+/).filter(Boolean);
    this.rows = this.answer.rows.filter((row) => words.every((word) => row.search.includes(word)));
    const top = this.list.scrollTop;
    const before = Math.max(CHUNK, this.list.childElementCount);
    fill(this.list, kept.filter && this.filterNote(), this.rows.length === 0 && this.nobody());
    this.shown = 0;
    this.append(before);
    this.list.scrollTop = top;
    this.list.dataset.count = String(this.rows.length);
  }

  filterNote() {
    return h("div", { class: "wl-filter" },
      h("span", {}, t("worklist.filter", { words: kept.filter })),
      button({ label: t("worklist.filter.clear"), icon: "close", test: "filter-clear", press: () => this.filter("") }));
  }

  nobody() {
    return h("p", { class: "wl-nobody", "data-test": "nobody" }, t(kept.filter ? "worklist.nobody_fits" : "worklist.nobody"));
  }

  append(count) {
    const part = this.rows.slice(this.shown, this.shown + count);
    this.shown += part.length;
    this.list.append(...part.map((row) => worklistRow(row, {
      names: this.app.preferences.names,
      today: this.day(),
      press: (pressed) => this.press(pressed),
      chosen: this.chosen === null ? undefined : this.chosen.has(row.key),
    })));
  }

  more() {
    const left = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight;
    if (this.rows && this.shown < this.rows.length && left < 2 * this.list.clientHeight) this.append(CHUNK);
  }

  page(by) {
    this.more();
    this.list.scrollBy({ top: by * this.list.clientHeight * 0.85 });
  }

  press(row) {
    if (this.chosen === null) {
      this.confirm([row.key]);
      return;
    }
    if (!this.chosen.delete(row.key)) this.chosen.add(row.key);
    this.draw();
    this.drawTools();
  }

  confirm(keys) {
    this.app.go(`confirm/${encodeURIComponent(keys.join(","))}`);
  }

  select(chosen) {
    this.chosen = chosen;
    this.draw();
    this.drawTools();
  }

  filter(words) {
    kept.filter = words;
    this.list.scrollTop = 0;
    this.draw();
    this.drawTools();
  }

  async search() {
    const before = kept.filter;
    const words = await openKeyboard({
      label: t("worklist.search"),
      value: before,
      test: "search-sheet",
      change: (text) => {
        this.filter(text);
        return plural("worklist.found", this.rows.length);
      },
    });
    if (!this.gone) this.filter(words === null ? before : words);
  }

  showSheet() {
    this.sheet = openShowSheet({
      preset: kept.days.preset,
      choose: (days) => this.choose(days),
      refresh: () => this.refresh(),
      select: () => this.select(new Set()),
    });
  }

  choose(days) {
    kept.days = days;
    this.answer = null;
    this.list.scrollTop = 0;
    this.drawTools();
    this.load().catch((error) => this.app.problem(error));
  }

  async refresh() {
    this.app.toast("plain", t("worklist.asking"));
    try {
      const answer = await this.app.api.post("/api/worklist/refresh", kept.days);
      const silent = answer.peers.filter((peer) => peer.error).map((peer) => peer.peer);
      if (this.gone) return;
      if (silent.length) this.app.toast("caution", t("worklist.some_silent", { peers: silent.join(", ") }));
      else if (!answer.pending) this.app.toast("good", t("worklist.asked"));
      await this.load();
    } catch (error) {
      if (!this.gone) this.app.problem(error);
    }
  }

  leave() {
    this.gone = true;
    closeKeys();
    clearTimeout(this.soon);
    clearInterval(this.rest);
    for (const end of this.off) end();
    this.scanning.leave();
    if (this.sheet) this.sheet.close();
  }
}

function sourceWords(source) {
  if (source.age === null) return t(source.asked ? "worklist.age.never" : "worklist.age.not_yet", { peer: source.peer });
  return t(source.online ? "worklist.age.online" : "worklist.age.offline", { peer: source.peer, ago: ago(source.age) });
}
