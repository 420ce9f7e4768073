/** Taking pictures: the live picture, the big buttons, and every image as it becomes durable. */

import { fill, h } from "../core/dom.js";
import { handsOff } from "../core/hands.js";
import { plural, t } from "../core/i18n.js";
import { watchScanner } from "../core/scanner.js";
import { sound } from "../core/sound.js";
import { badge } from "../parts/badge.js";
import { button } from "../parts/button.js";
import { makePreview, stateWords } from "../parts/preview.js";
import { makeControls, makeRecording } from "../parts/acquire/controls.js";
import { watchKeys } from "../parts/acquire/keys.js";
import { makeNotice } from "../parts/acquire/notice.js";
import { openProtocols } from "../parts/acquire/protocols.js";
import { openStop } from "../parts/acquire/stop-sheet.js";
import { makeStrip } from "../parts/acquire/strip.js";

const RECORDING = "G-2102";
const WRONG_PATIENT = "G-2103";
const STILL_THIS_PATIENT = "G-2104";
const FEW_EXAMS = 5;

/** From here on the bar above says enough, and the picture gets the line. */
const PLENTY = 100;

export async function show(root, params, app) {
  const data = await app.api.get("/api/acquire");
  if (!data.exam) return showNobody(root, app);
  return new Acquire(app, data).show(root);
}

/** No exam is open: say so, and come to life when one is opened elsewhere. */
function showNobody(root, app) {
  app.frame({ title: t("core.nav.acquire") });
  root.append(h("div", { class: "page acquire-nobody", "data-test": "nobody" },
    h("h2", {}, t("acquire.nobody.title")),
    h("p", {}, t("acquire.nobody.text")),
    button({ label: t("core.nav.worklist"), icon: "list", kind: "primary", test: "to-worklist", press: () => app.go("worklist") })));
  let gone = false;
  const off = app.live.on("state", async (state) => {
    if (!state.exam) return;
    await handsOff();
    if (!gone) app.refresh();
  });
  return () => {
    gone = true;
    off();
  };
}

class Acquire {
  constructor(app, data) {
    this.app = app;
    this.data = data;
    this.exam = data.exam;
    this.state = data.live;
    this.sheet = null;
    this.stopSheet = null;
    this.asking = false;
    this.left = false;
    this.off = [];
  }

  show(root) {
    const { app } = this;
    app.frame({ title: t("core.nav.acquire"), bare: true });
    this.notice = makeNotice();
    this.recording = makeRecording();
    this.strip = makeStrip((uid) => this.review(uid));
    this.preview = makePreview();
    this.films = h("div", { class: "acquire-films" });
    this.status = h("div", { class: "acquire-status", "data-test": "acquire-status" });
    this.controls = makeControls({
      capture: () => this.capture(),
      record: () => this.record(),
      protocol: () => this.choose(),
      finish: () => this.unlessRecording(() => app.go("finish")),
      leave: () => this.unlessRecording(() => app.go("menu")),
    });
    root.append(h("div", { class: "acquire" },
      app.banner(this.exam),
      h("div", { class: "acquire-main" },
        this.strip.element,
        h("div", { class: "acquire-middle" }, this.preview.element, this.recording.element, this.films, this.notice.element),
        this.controls.element,
        this.status)));
    this.strip.set(this.data.images);
    this.listen();
    this.preview.start();
    this.draw();
    return () => this.leave();
  }

  listen() {
    const { live } = this.app;
    this.off.push(
      live.on("state", (state) => this.heard(state)),
      live.on("link", (said) => { if (!said.connected) this.heard(null); }),
      live.on("outcome", (outcome) => this.became(outcome)),
      live.on("changed", () => this.again()),
      watchScanner((text) => this.scan(text)),
      watchKeys(() => this.capture()),
    );
  }

  leave() {
    this.left = true;
    for (const end of this.off) end();
    for (const part of [this.preview, this.recording, this.strip, this.notice]) part.stop();
    if (this.sheet) this.sheet.close();
    if (this.stopSheet) this.stopSheet.close();
  }

  async heard(state) {
    await handsOff();
    if (this.left) return;
    this.state = state;
    if (state && state.exam && state.exam !== this.exam.exam) {
      this.app.refresh();
      return;
    }
    this.draw();
  }

  /** Something became of a press, a foot or a touch. */
  async became(outcome) {
    if (outcome.exam && outcome.exam !== this.exam.exam) return;
    const taken = outcome.instances.length > 0;
    if (taken) sound(outcome.ok ? "done" : "refused");
    else if (outcome.ok && ["record", "record_start"].includes(outcome.action)) sound("recording");
    else if (!outcome.ok && outcome.source !== "screen") sound("refused");
    await handsOff();
    if (this.left) return;
    for (const uid of outcome.instances) this.strip.add({ uid, clip: outcome.action.startsWith("record") });
    if (taken) this.again();
    if (outcome.ok) this.notice.clear();
    else this.refused({ code: outcome.code, params: outcome.params }, false);
  }

  refused(error, aloud) {
    if (aloud) sound("refused");
    this.notice.say(error);
  }

  async capture() {
    if (this.asking) return;
    this.asking = true;
    this.controls.busy("capture", true);
    try {
      await this.app.api.post("/api/acquire/capture", { exam: this.exam.exam });
    } catch (error) {
      if (!this.left) this.refused(error, true);
    } finally {
      this.asking = false;
      this.controls.busy("capture", false);
    }
  }

  async record() {
    const stop = this.isRecording;
    this.controls.busy("record", true);
    try {
      await this.app.api.post(`/api/acquire/record_${stop ? "stop" : "start"}`, { exam: this.exam.exam });
    } catch (error) {
      if (!this.left) this.refused(error, true);
    } finally {
      this.controls.busy("record", false);
    }
  }

  choose() {
    this.unlessRecording(() => {
      this.sheet = openProtocols({
        protocols: this.data.protocols,
        current: this.protocol,
        source: this.state && this.state.source,
        choose: (name) => this.chosen(name),
        closed: () => { this.sheet = null; },
      });
    });
  }

  async chosen(protocol) {
    try {
      await this.app.api.post("/api/acquire/protocol", { protocol, exam: this.exam.exam });
      this.data.protocol = protocol;
      this.notice.clear();
      this.draw();
    } catch (error) {
      this.refused(error, true);
    }
  }

  async scan(text) {
    try {
      const said = await this.app.api.post("/api/acquire/scan", { text });
      if (said.ok) this.app.toast("good", t(`acquire.verdict.${said.verdict}`));
      else this.refused({ code: said.code }, true);
    } catch (error) {
      this.refused(error, true);
    }
  }

  review(uid) {
    this.unlessRecording(() => this.app.go(`review/${encodeURIComponent(uid)}`));
  }

  unlessRecording(act) {
    if (this.isRecording) this.refused({ code: RECORDING }, true);
    else act();
  }

  /** The catalog changed: images of others, discards, what still fits. */
  async again() {
    if (this.reading) {
      this.stale = true;
      return;
    }
    this.reading = true;
    try {
      const data = await this.app.api.get("/api/acquire");
      await handsOff();
      if (this.left) return;
      if (!data.exam || data.exam.exam !== this.exam.exam) {
        this.app.refresh();
        return;
      }
      this.data = data;
      this.strip.set(data.images);
      this.draw();
    } catch (error) {
      if (error.code === "G-9101") this.app.go("signin");
    } finally {
      this.reading = false;
      if (this.stale && !this.left) {
        this.stale = false;
        this.again();
      }
    }
  }

  get isRecording() {
    return Boolean(this.state && this.state.recording);
  }

  get protocol() {
    return (this.state && this.state.exam === this.exam.exam && this.state.protocol) || this.data.protocol
      || (this.data.protocols[0] && this.data.protocols[0].name) || "";
  }

  draw() {
    if (this.left) return;
    const recording = this.isRecording;
    const clips = this.data.protocols.find((each) => each.name === this.protocol)?.clips !== false;
    this.controls.set(this.protocol, recording, clips);
    this.recording.set(recording ? this.state.recording : null);
    if (recording && this.sheet) this.sheet.close();
    this.notice.hold(this.why());
    this.drawStatus();
    this.drawFilms();
    this.drawStop(recording);
  }

  /** Why nothing can be taken now, as far as that lasts. */
  why() {
    const { state } = this;
    if (!state) return { code: "G-2110" };
    if (state.trouble) return { code: "G-2118", params: { words: state.trouble } };
    if (state.hold === STILL_THIS_PATIENT) {
      return { code: state.hold, action: { label: t("acquire.confirm_patient"), icon: "person", test: "to-resume", press: () => this.unlessRecording(() => this.app.go("resume")) } };
    }
    if (state.hold) return { code: state.hold };
    // a source that shows nothing says so itself, on the cover over its picture
    return state.exam && state.exam !== this.exam.exam ? { code: "G-2113" } : null;
  }

  drawStatus() {
    const { data, state } = this;
    const source = state && state.source;
    const left = data.exams_left;
    fill(this.status,
      h("span", { "data-test": "source-state" }, source
        ? badge(source.state === "live" ? "live" : "no_signal", `${source.name}: ${stateWords(source.state)}`)
        : badge("no_signal", t("acquire.source.away"))),
      h("span", { "data-test": "counters" }, `${plural("acquire.stills", data.stills)} · ${plural("acquire.clips", data.clips)}`),
      left !== null && left < PLENTY && h("span", { "data-test": "exams-left", class: left < FEW_EXAMS ? "tone-caution" : "quiet" }, plural("acquire.exams_left", left)));
  }

  /** Pictures that a scanner printed here, and nobody has said whose they are. */
  drawFilms() {
    const n = this.data.film_pictures;
    if (this.films.dataset.waiting === String(n)) return;
    this.films.dataset.waiting = String(n);
    fill(this.films, n > 0 && button({ label: plural("print.arrived", n), icon: "printer", kind: "primary", test: "films-waiting",
      press: () => this.unlessRecording(() => this.app.go("films")) }));
  }

  drawStop(recording) {
    const wanted = !recording && this.state && this.state.hold === WRONG_PATIENT;
    if (wanted && !this.stopSheet) {
      if (this.sheet) this.sheet.close();
      this.stopSheet = openStop(this.app, this.exam, () => this.app.go("finish"));
    } else if (!wanted && this.stopSheet && this.state) {
      this.stopSheet.close();
      this.stopSheet = null;
    }
  }
}
