/** The big buttons of the acquire screen; the record button shows the clip that is recorded. */

import { h } from "../../core/dom.js";
import { number, plural, t } from "../../core/i18n.js";
import { button } from "../button.js";
import { icon } from "../icons.js";

const GLANCE_MS = 250;

/**
 * @param {Object} press what each button does: capture, record, protocol, finish, leave
 */
export function makeControls(press) {
  const capture = big("camera", "capture", t("acquire.capture"), "primary", press.capture);
  const record = big("record", "record", t("acquire.record"), "plain", press.record);
  const protocol = button({ label: t("acquire.protocol.title"), icon: "list", test: "protocol-open", press: press.protocol });
  const name = h("span", { class: "control-name", dir: "auto", "data-test": "protocol-name" });
  protocol.replaceChildren(icon("list"), h("span", { class: "button-word" }, h("small", { class: "control-kind" }, t("acquire.protocol.title")), name));
  const finish = button({ label: t("acquire.finish"), icon: "check", test: "finish", press: press.finish });
  const leave = button({ label: t("acquire.leave"), icon: "menu", kind: "quiet", test: "leave", press: press.leave });
  const element = h("div", { class: "acquire-controls" }, capture, record, protocol, finish, leave);

  /** @param {string} current @param {boolean} recording @param {boolean} clips whether it records clips */
  function set(current, recording, clips) {
    name.textContent = current;
    mark(capture, recording);
    mark(record, !recording && !clips);
    record.dataset.recording = recording ? "yes" : "no";
    record.className = `button big ${recording ? "button-danger" : "button-plain"}`;
    record.replaceChildren(icon(recording ? "stop" : "record"),
      h("span", { class: "button-word" }, t(recording ? "acquire.stop_recording" : "acquire.record")));
    for (const each of [protocol, finish, leave]) mark(each, recording);
  }

  /** Show that a touch was taken in, until it is answered. */
  function busy(which, on) {
    (which === "capture" ? capture : record).setAttribute("aria-busy", String(on));
  }

  return { element, set, busy };
}

/** What would be refused now looks so; a touch is still taken, and answered with the reason. */
function mark(control, off) {
  control.dataset.off = off ? "yes" : "no";
}

function big(picture, test, label, kind, press) {
  const made = button({ label, icon: picture, kind, test, press });
  made.classList.add("big");
  return made;
}

/** Red mark, word, time and pictures of the clip; the time runs on between two words of the box. */
export function makeRecording() {
  const time = h("span", { class: "rec-time", "data-test": "rec-time" });
  const count = h("span", { class: "rec-count", "data-test": "rec-frames" });
  const element = h("p", { class: "rec", "data-test": "rec", role: "status", hidden: true },
    icon("record"), h("strong", {}, t("acquire.rec")), time, count);
  let began = 0;
  let timer = 0;

  function set(recording) {
    if (!recording) {
      clearInterval(timer);
      timer = 0;
      element.hidden = true;
      return;
    }
    began = performance.now() - recording.seconds * 1000;
    count.textContent = plural("acquire.frames", recording.frames);
    element.hidden = false;
    if (!timer) timer = setInterval(tick, GLANCE_MS);
    tick();
  }

  function tick() {
    const seconds = Math.max(0, Math.floor((performance.now() - began) / 1000));
    const two = { minimumIntegerDigits: 2 };
    time.textContent = `${number(Math.floor(seconds / 60))}:${number(seconds % 60, two)}`;
  }

  return { element, set, stop: () => clearInterval(timer) };
}
