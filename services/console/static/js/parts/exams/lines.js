/** Lines of the outbox: what stands in the way, the system's own words, and what can be done. */

import { h } from "../../core/dom.js";
import { number, t } from "../../core/i18n.js";
import { badge } from "../badge.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { problemWords } from "../problem.js";
import { progress } from "../progress.js";
import { icon } from "../icons.js";
import { kindWord, nameOf } from "./words.js";

/**
 * @param {any} app
 * @param {Object} line of /api/outbox
 * @param {() => Promise<void>} done called after something was done
 * @param {boolean} [named] whether the patient is named
 */
export function outboxLine(app, line, done, named = true) {
  const face = named && line.face;
  return h("li", { class: "line", "data-test": `line-${line.id}`, "data-state": line.state, "data-code": line.code },
    h("div", { class: "line-head" },
      badge(line.state),
      h("strong", { class: "line-way" }, kindWord(line.kind), icon("forward"), h("bdi", {}, line.peer)),
      line.n > 1 && h("span", { class: "quiet" }, t("exams.n_images", { n: number(line.n) })),
      face && h("span", {}, h("bdi", {}, nameOf(app, face.patient_name)), " ", h("bdi", {}, face.patient_id)),
      line.attempts > 0 && h("span", { class: "quiet" }, t("exams.attempts", { n: number(line.attempts) }))),
    line.progress && progress({ label: t("exams.bar_bytes"), value: Math.round(line.progress.sent / 1e6),
      total: Math.max(1, Math.round(line.progress.size / 1e6)), test: `bytes-${line.id}` }),
    line.code && why(line),
    h("div", { class: "row line-actions" }, line.may.map((what) => ACTIONS[what](app, line, done)),
      face && button({ label: t("exams.one", { exam: line.exam }), icon: "exams", test: `exam-of-${line.id}`,
        press: () => app.go(`exam/${encodeURIComponent(line.exam)}`) })));
}

function why(line) {
  const words = problemWords({ code: line.code, text: line.text, todo: line.advice });
  return h("div", { class: "line-why" },
    h("p", { class: "line-what" }, icon("warning"), h("span", {}, words.what)),
    line.words && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ",
      h("q", { dir: "auto", "data-test": "own-words" }, line.words)),
    h("p", {}, h("span", { class: "quiet" }, t("core.problem.safe")), " ", words.safe),
    h("p", {}, h("span", { class: "quiet" }, t("core.problem.todo")), " ", words.todo),
    h("p", { class: "problem-code" }, t("core.problem.code", { code: words.code })));
}

async function act(app, line, what, body, done) {
  try {
    const answer = await app.api.post(`/api/outbox/${line.id}/${what}`, body);
    app.toast("good", t(`exams.done.${what}`, { n: number(answer.done) }));
  } catch (error) {
    app.problem(error);
  }
  await done();
}

const ACTIONS = {
  resend: (app, line, done) => button({ label: t("exams.resend"), icon: "resend", kind: "primary",
    test: `resend-${line.id}`, press: () => act(app, line, "resend", {}, done) }),
  cancel: (app, line, done) => button({ label: t("exams.cancel"), icon: "close", test: `cancel-${line.id}`,
    press: () => cancel(app, line, done) }),
  redirect: (app, line, done) => button({ label: t("exams.redirect"), icon: "forward", test: `redirect-${line.id}`,
    press: () => redirect(app, line, done) }),
  print: (app, line) => button({ label: t("exams.print"), icon: "printer", test: `print-${line.id}`,
    press: () => app.go(`print/${encodeURIComponent(line.exam)}`) }),
};

async function cancel(app, line, done) {
  const sure = await app.confirmHold({
    title: t("exams.cancel_title"),
    text: h("p", {}, t("exams.cancel_text", { n: number(line.n), peer: line.peer })),
    label: t("exams.cancel_yes"), icon: "close", test: "cancel-sheet",
  });
  if (sure) await act(app, line, "cancel", {}, done);
}

function redirect(app, line, done) {
  const sheet = openDialog({
    title: t("exams.redirect_title"),
    test: "redirect-sheet",
    content: h("p", {}, t("exams.redirect_text", { peer: line.peer })),
    actions: line.others.map((peer) => button({ label: peer, icon: "send", test: `redirect-to-${peer}`,
      press: async () => {
        sheet.close();
        await act(app, line, "redirect", { peer }, done);
      } })),
  });
}
