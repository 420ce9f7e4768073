/** Printing: pictures into the boxes of a sheet, the sheet as it comes out, and what became of it. */

import { fill, h } from "../core/dom.js";
import { handsOff } from "../core/hands.js";
import { number, t } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { follow, section } from "../parts/exams/words.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { openCopies, openFilm, openPrinters } from "../parts/print/choices.js";
import { Draft } from "../parts/print/draft.js";
import { jobList } from "../parts/print/jobs.js";
import { openLevels } from "../parts/print/levels.js";
import { makeStage } from "../parts/print/stage.js";
import { makeTray, nameOf } from "../parts/print/tray.js";
import { conditionBadge, layoutWord, reasons, sizeWord, token } from "../parts/print/words.js";

export async function show(root, params, app) {
  const address = `/api/print/${encodeURIComponent(params.exam)}`;
  const [found, told] = await Promise.all([app.api.get(address), jobsOf(app, params.exam)]);
  return new Print(root, app, { exam: params.exam, address }).show(found, told);
}

function jobsOf(app, exam) {
  return app.api.get(`/api/print/jobs?${new URLSearchParams({ exam })}`);
}

class Print {
  constructor(root, app, place) {
    Object.assign(this, { root, app, ...place });
    this.chosen = "";
    this.sheet = null;
    this.left = false;
    this.token = token();
    this.asked = new Set();
  }

  show(found, { jobs }) {
    const { app } = this;
    app.frame({ title: t("print.title"), bare: true });
    this.found = found;
    this.draft = found.film && new Draft(found);
    this.stage = makeStage({ touched: (box) => this.touch(box), emptied: (box) => this.place(box, null),
      moved: (from, to) => this.move(from, to), imageAt: (box) => this.draft.at(box), nameOf: (box) => this.boxName(box) });
    this.tray = makeTray({ touched: (uid) => this.choose(uid), over: (x, y) => this.stage.over(x, y),
      dropped: (uid, x, y) => this.drop(uid, x, y) });
    this.tools = h("div", { class: "print-tools", role: "toolbar", "aria-label": t("print.title") });
    this.note = h("div", { class: "print-note", role: "status", "data-test": "print-note" });
    this.panel = h("section", { class: "print-panel", "data-test": "print-jobs", hidden: true });
    this.list = h("div", { class: "print-panel-body" });
    this.drawJobs = section(this.list, (shown) => [jobList(app, shown, () => this.again())]);
    this.drawNote = section(this.note, (shown) => noteParts(shown));
    fill(this.panel, h("header", { class: "row" }, h("h2", { class: "grow" }, t("print.jobs_title")),
      button({ label: t("print.layout_again"), icon: "back", test: "jobs-close", press: () => this.openJobs(false) })), this.list);
    this.root.append(h("div", { class: "print" }, h("div", { class: "print-head" }, app.banner(found.exam)),
      this.tray.element, h("div", { class: "print-middle" }, this.stage.element, this.note), this.tools, this.panel));
    this.jobs = jobs;
    this.draw();
    this.openJobs(jobs.some((job) => job.state === "held"));
    this.askPrinter();
    const stop = follow(app, () => this.ask(), (told) => this.heard(told), 4000);
    return () => {
      this.left = true;
      stop();
      this.stage.stop();
      this.tray.stop();
      if (this.sheet) this.sheet.close();
    };
  }

  /** What changes by itself: jobs, printers, and images that come. */
  async ask() {
    const printer = this.draft ? this.draft.printer : "";
    const [found, { jobs }] = await Promise.all([
      this.app.api.get(`${this.address}?${new URLSearchParams({ printer })}`), jobsOf(this.app, this.exam)]);
    return { found, jobs };
  }

  async again() {
    const told = await this.ask();
    if (!this.left) this.heard(told);
  }

  heard({ found, jobs }) {
    // the person may have chosen another printer while this was asked
    if (this.draft && found.printer !== this.draft.printer) return;
    this.jobs = jobs;
    this.found = found;
    if (!this.draft && found.film) {
      this.draft = new Draft(found);
      this.draw();
    } else {
      this.dress();
    }
  }

  /** Everything, with the sheet anew. */
  draw() {
    this.dress();
    if (!this.draft) return;
    this.stage.draw({ exam: this.exam, printer: this.draft.printer, film: this.draft.film(true), sheet: this.draft.sheet + 1 });
  }

  dress() {
    const { draft, found } = this;
    const used = new Map();
    for (const each of draft ? draft.pictures : []) used.set(each.sop_instance_uid, (used.get(each.sop_instance_uid) || 0) + 1);
    this.tray.set(found.images.map((image, index) => ({ ...image, place: index + 1 })), this.chosen, used);
    this.dressTools();
    this.dressNote();
    this.drawJobs(this.jobs);
  }

  dressTools() {
    const { draft } = this;
    const held = this.jobs.some((job) => job.state === "held");
    const open = this.jobs.filter((job) => !job.ended).length;
    const state = JSON.stringify([held, open, draft && [this.printer(), draft.format, draft.size, draft.copies, draft.pictures.length,
      draft.sheet, draft.mayTurn, Boolean(draft.at(this.stage.cursor)), this.found.images.length]]);
    if (state === this.dressed) return;
    this.dressed = state;
    const focused = this.tools.contains(document.activeElement) ? document.activeElement.dataset.test : "";
    const back = button({ label: t("core.back"), icon: "back", test: "print-back", press: this.app.back });
    const jobs = button({ label: open ? t("print.jobs_n", { n: number(open) }) : t("print.jobs"), icon: held ? "warning" : "list", test: "print-jobs-open",
      press: () => this.openJobs(true) });
    fill(this.tools, draft ? [back, this.choices(), this.printButton(), this.turning(), this.changing(), jobs] : [back, jobs]);
    const again = focused && this.tools.querySelector(`[data-test="${focused}"]`);
    if (again) again.focus();
  }

  choices() {
    const { draft } = this;
    const printer = this.printer();
    const said = (test, mark, press, ...words) => h("button", { type: "button", class: "button button-plain print-choice", "data-test": test, on: { click: press } },
      icon(mark), h("span", { class: "button-word" }, words));
    return [
      said("print-printer", "printer", () => this.openPrinters(), h("bdi", {}, printer.name), h("br", {}), conditionBadge(printer.health)),
      said("print-film", "list", () => this.openFilm(), layoutWord(draft.format), h("br", {}), h("bdi", {}, sizeWord(draft.size))),
      said("print-copies", "plus", () => this.openCopies(), t("print.copies"), h("br", {}), h("strong", {}, number(draft.copies))),
    ];
  }

  printButton() {
    return holdButton({ label: t("print.now"), icon: "printer", test: "print-now", disabled: this.draft.pictures.length === 0,
      done: () => this.order() });
  }

  turning() {
    const { draft } = this;
    return [
      button({ label: t("print.previous"), icon: "up", test: "sheet-previous", disabled: draft.sheet === 0, press: () => this.turn(-1) }),
      button({ label: t("print.next"), icon: "down", test: "sheet-next", disabled: !draft.mayTurn, press: () => this.turn(1) }),
    ];
  }

  changing() {
    const { draft, stage } = this;
    const placed = draft.at(stage.cursor);
    return [
      button({ label: t("print.levels"), icon: "sun", test: "print-levels", disabled: !placed, press: () => this.openLevels() }),
      button({ label: t("print.take_out"), icon: "erase", test: "print-take-out", disabled: !placed, press: () => this.place(stage.cursor, null) }),
      button({ label: t("print.all"), icon: "exams", test: "print-all", press: () => this.refill(this.found.images.map((each) => each.uid)) }),
      button({ label: t("print.empty_all"), icon: "bin", test: "print-empty", disabled: !draft.pictures.length, press: () => this.refill([]) }),
    ];
  }

  dressNote() {
    const { draft } = this;
    this.drawNote(draft ? { sheet: draft.sheet, sheets: draft.sheets, health: this.printer().health, chosen: Boolean(this.chosen) } : null);
  }

  printer() {
    return this.found.printers.find((each) => each.name === this.draft.printer) || this.found.printers[0];
  }

  boxName(box) {
    const placed = this.draft.at(box);
    const image = placed && this.found.images.find((each) => each.uid === placed.sop_instance_uid);
    return t(placed ? "print.box_with" : "print.box_empty", { n: number(box + 1), image: image ? nameOf(image) : "" });
  }

  /** A picture was touched: the next box that is touched gets it; touched again, it is let go. */
  choose(uid) {
    this.chosen = this.chosen === uid ? "" : uid;
    this.dress();
  }

  touch(box) {
    if (this.chosen) this.place(box, { sop_instance_uid: this.chosen, frame: 1, window: null });
    else this.dress();
  }

  drop(uid, x, y) {
    const box = this.stage.boxAt(x, y);
    if (box < 0 || !this.draft) return;
    this.stage.point(box);
    this.place(box, { sop_instance_uid: uid, frame: 1, window: null });
  }

  place(box, image) {
    this.draft.put(box, image);
    this.chosen = "";
    this.draw();
  }

  move(from, to) {
    this.draft.swap(from, to);
    this.stage.point(to);
    this.draw();
  }

  refill(uids) {
    this.draft.fill(uids);
    this.chosen = "";
    this.draw();
  }

  turn(by) {
    this.draft.sheet += by;
    this.draw();
  }

  openPrinters() {
    this.sheet = openPrinters({ app: this.app, printers: this.found.printers, chosen: this.draft.printer, choose: (name) => this.takePrinter(name) });
  }

  async takePrinter(name) {
    try {
      this.found = await this.app.api.get(`${this.address}?${new URLSearchParams({ printer: name })}`);
      if (this.left || !this.found.film) return;
      this.draft.adopt(this.found);
      this.draw();
      this.askPrinter();
    } catch (error) {
      this.app.problem(error);
    }
  }

  /** A printer that never said how it is is asked, once, while the person goes on. */
  async askPrinter() {
    if (!this.draft || this.printer().health.condition !== "unknown" || this.asked.has(this.draft.printer)) return;
    this.asked.add(this.draft.printer);
    // where it does not answer, its state says so from now on
    await this.app.api.post("/api/print/ask", { printer: this.draft.printer, quietly: true }).catch(() => {});
    const told = await this.ask().catch(() => null);
    await handsOff();
    if (told && !this.left) this.heard(told);
  }

  openFilm() {
    const calibrated = new Set(this.found.images.filter((each) => each.calibrated).map((each) => each.uid));
    this.sheet = openFilm({ draft: this.draft, changed: () => this.draw(),
      uncalibrated: () => this.draft.pictures.filter((each) => !calibrated.has(each.sop_instance_uid)).length });
  }

  openCopies() {
    this.sheet = openCopies({ draft: this.draft, changed: () => this.dress() });
  }

  async openLevels() {
    const box = this.stage.cursor;
    this.sheet = await openLevels({ app: this.app, placed: this.draft.at(box), take: (placed) => this.place(box, placed) });
    if (this.left && this.sheet) this.sheet.close();
  }

  openJobs(open) {
    this.panel.hidden = !open;
    if (open) this.panel.querySelector("button").focus();
  }

  async order() {
    try {
      await this.app.api.post(this.address, { printer: this.draft.printer, film: this.draft.film(false), token: this.token });
      this.token = token();
      this.app.toast("good", t("print.ordered"));
      if (this.left) return;
      await this.again();
      this.openJobs(true);
    } catch (error) {
      this.app.problem(error);
    }
  }
}

function noteParts(shown) {
  if (!shown) return [h("p", {}, t("print.no_images"))];
  const { sheet, sheets, health, chosen } = shown;
  return [
    h("p", { "data-test": "sheet-of" }, t("print.sheet_of", { n: number(sheet + 1), total: number(sheets) })),
    chosen && h("p", { class: "tone-caution" }, t("print.choose_box")),
    !["ready", "unknown"].includes(health.condition) && h("div", { "data-test": "printer-why" }, reasons(health)),
  ];
}
