/** What was ordered of an exam: how far it is, what stands in the way, and what can be done. */

import { h } from "../../core/dom.js";
import { date, number, t } from "../../core/i18n.js";
import { badge } from "../badge.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { problemWords } from "../problem.js";
import { progress } from "../progress.js";
import { layoutWord, sizeWord } from "./words.js";

const OUTCOMES = { printed: "done", marked: "done", cancelled: "cancelled", redirected: "cancelled" };

/**
 * @param {any} app
 * @param {Object[]} jobs
 * @param {() => Promise<void>} done called after something was done
 */
export function jobList(app, jobs, done) {
  if (!jobs.length) return h("p", { class: "quiet", "data-test": "no-jobs" }, t("print.no_jobs"));
  return h("ul", { class: "exams-list" }, jobs.map((job) => card(app, job, done)));
}

function card(app, job, done) {
  return h("li", { class: "line", "data-test": `job-${job.job}`, "data-state": job.state, "data-code": job.code },
    h("div", { class: "line-head" },
      job.outcome ? badge(OUTCOMES[job.outcome] || job.state, t(`print.outcome.${job.outcome}`)) : badge(job.state),
      job.in_doubt && h("strong", { class: "tone-caution" }, t("print.in_doubt")),
      h("strong", {}, t("print.job", { n: number(job.job) }), " → ", h("bdi", {}, job.printer)),
      h("span", { class: "quiet" }, [sizeWord(job.film_size), layoutWord(job.layout), t("print.copies_n", { n: number(job.copies) }),
        date(job.made, "both")].join(" · "))),
    progress({ label: t("print.bar_sheets"), value: job.sheets_done, total: job.sheets, test: `sheets-${job.job}` }),
    (job.code || job.words || job.peer_fault) && why(job),
    job.may.length > 0 && h("div", { class: "row line-actions" }, job.may.map((what) => ACTIONS[what](app, job, done))));
}

function why(job) {
  const words = job.words || (job.state === "waiting" ? job.peer_fault : "");
  const found = job.code && problemWords({ code: job.code, params: { words }, text: words, todo: job.advice });
  return h("div", { class: "line-why" },
    found && h("p", { class: "line-what" }, icon("warning"), h("span", { dir: "auto" }, found.what)),
    words && !(found && found.what.includes(words)) && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ",
      h("q", { dir: "auto" }, words)),
    found && h("p", {}, h("span", { class: "quiet" }, t("core.problem.safe")), " ", found.safe),
    found && h("p", {}, h("span", { class: "quiet" }, t("core.problem.todo")), " ", found.todo),
    found && h("p", { class: "problem-code" }, t("core.problem.code", { code: found.code })));
}

async function act(app, job, what, body, done) {
  try {
    await app.api.post(`/api/print/jobs/${job.job}/${what}`, body);
    app.toast("good", t(`print.did.${what}`));
  } catch (error) {
    app.problem(error);
  }
  await done();
}

const ACTIONS = {
  resend: (app, job, done) => (job.in_doubt
    ? button({ label: t("print.again"), icon: "resend", test: `again-${job.job}`, press: () => again(app, job, done) })
    : button({ label: t("print.resend"), icon: "resend", kind: "primary", test: `resend-${job.job}`, press: () => act(app, job, "resend", {}, done) })),
  mark: (app, job, done) => button({ label: t("print.mark"), icon: "check", test: `mark-${job.job}`, press: () => mark(app, job, done) }),
  cancel: (app, job, done) => button({ label: t("print.cancel"), icon: "close", test: `cancel-${job.job}`, press: () => cancel(app, job, done) }),
  redirect: (app, job, done) => button({ label: t("print.redirect"), icon: "forward", test: `redirect-${job.job}`, press: () => redirect(app, job, done) }),
};

function looked(app, job, test) {
  return app.confirmHold({ title: t("print.again_title"), text: h("p", {}, t("print.again_text", { printer: job.printer })),
    label: t("print.again_yes"), icon: "printer", test });
}

async function again(app, job, done) {
  if (await looked(app, job, "again-sheet")) await act(app, job, "resend", { print_again: true }, done);
}

async function mark(app, job, done) {
  const sure = await app.confirmHold({ title: t("print.mark_title"), text: h("p", {}, t("print.mark_text", { printer: job.printer })),
    label: t("print.mark"), icon: "check", kind: "primary", test: "mark-sheet" });
  if (sure) await act(app, job, "mark", {}, done);
}

async function cancel(app, job, done) {
  const sure = await app.confirmHold({ title: t("print.cancel_title"), text: h("p", {}, t("print.cancel_text")),
    label: t("print.cancel"), icon: "close", test: "cancel-sheet" });
  if (sure) await act(app, job, "cancel", {}, done);
}

function redirect(app, job, done) {
  const sheet = openDialog({
    title: t("print.redirect_title"), test: "redirect-sheet",
    content: h("p", {}, t("print.redirect_text", { printer: job.printer })),
    actions: job.others.map((printer) => button({ label: printer, icon: "printer", test: `redirect-to-${printer}`,
      press: async () => {
        sheet.close();
        if (job.in_doubt && !(await looked(app, job, "redirect-again"))) return;
        await act(app, job, "redirect", { printer, print_again: job.in_doubt }, done);
      } })),
  });
}
