/** One exam: its images, where they stand at each destination, and what can still be done. */

import { h } from "../core/dom.js";
import { date, has, number, t } from "../core/i18n.js";
import { badge } from "../parts/badge.js";
import { banner } from "../parts/banner.js";
import { button } from "../parts/button.js";
import { outboxLine } from "../parts/exams/lines.js";
import { counts, examState, follow, pace, said, section, standing } from "../parts/exams/words.js";
import { progress } from "../parts/progress.js";

const SHOWN = 60;

export async function show(root, params, app) {
  app.frame({ title: t("exams.one", { exam: params.exam }) });
  const path = `/api/exams/${encodeURIComponent(params.exam)}`;
  const parts = {
    head: h("div", { class: "part" }), actions: h("div", { class: "row exam-actions" }), where: h("section", { class: "part" }),
    lines: h("section", { class: "part" }), images: h("section", { class: "part" }), more: h("section", { class: "part" }),
  };
  const draw = {
    head: section(parts.head, (exam) => head(exam)),
    actions: section(parts.actions, (exam) => actions(exam, app)),
    where: section(parts.where, (exam) => where(exam, app, load)),
    lines: section(parts.lines, (lines) => held(lines, app, load)),
    images: section(parts.images, (images) => pictures(images)),
    more: section(parts.more, (exam) => more(exam)),
  };
  root.append(h("div", { class: "page exam-page" }, Object.values(parts)));

  const ask = () => app.api.get(path);

  async function load() {
    drawAll(await ask());
  }

  function drawAll(exam) {
    draw.head({ facts: exam.facts, state: exam.state, standing: exam.standing, reason: exam.reason,
      marked: exam.reconciliations.filter((each) => ["asked", "confirmed"].includes(each.stage)) });
    draw.actions({ exam: exam.exam, facts: exam.facts, state: exam.state, may_append: exam.may_append, is_old: exam.is_old });
    draw.where({ destinations: exam.destinations });
    draw.lines(exam.lines);
    draw.images(exam.images);
    draw.more({ exam: exam.exam, started: exam.started, ended: exam.ended, mpps_uid: exam.mpps_uid,
      study_instance_uid: exam.study_instance_uid, sisters: exam.sisters, history: exam.history });
  }

  await load();
  return follow(app, ask, drawAll);
}

function head({ facts, state, standing: stands, reason, marked }) {
  return [
    banner(facts),
    h("div", { class: "row exam-states" }, examState(state), standing(stands),
      !facts.scheduled && badge("unscheduled", t("exams.unscheduled")),
      reason && h("span", { class: "quiet" }, reason)),
    marked.length > 0 && h("a", { class: "button button-plain", href: "#/reconcile", "data-test": "to-reconcile" },
      said("warning", "caution", t("exams.marked"))),
  ];
}

function actions({ exam, facts, state, may_append: may, is_old: old }, app) {
  const id = encodeURIComponent(exam);
  return [
    state === "IN PROGRESS" && button({ label: t("exams.go_on"), icon: "camera", kind: "primary", test: "exam-go-on",
      press: () => app.go("acquire") }),
    may && button({ label: t("exams.append"), icon: "plus", test: "exam-append", press: () => append(exam, facts, old, app) }),
    button({ label: t("exams.match"), icon: "person", test: "exam-match", press: () => app.go(`match/${id}`) }),
    button({ label: t("exams.print"), icon: "printer", test: "exam-print", press: () => app.go(`print/${id}`) }),
  ];
}

async function append(exam, facts, old, app) {
  const shown = facts.identifiers;
  const token = crypto.getRandomValues(new Uint32Array(3)).join("-");
  const sure = await app.confirmHold({
    title: t("exams.append_title"),
    text: [banner(facts), h("p", {}, t("exams.append_text")), old && said("warning", "caution", t("exams.append_old"))],
    label: t("exams.append_yes"), icon: "plus", kind: "primary", test: "append-sheet",
  });
  if (!sure) return;
  try {
    await app.api.post(`/api/exams/${encodeURIComponent(exam)}/append`, { identifiers: shown, token });
    app.go("acquire");
  } catch (error) {
    app.problem(error);
  }
}

function where({ destinations }, app, load) {
  return [
    h("h2", {}, t("exams.where")),
    !destinations.length && h("p", { class: "quiet" }, t("exams.nowhere")),
    h("ul", { class: "exams-list" }, destinations.map((each) => h("li", { class: "line", "data-test": `to-${each.peer}`, "data-state": each.state },
      h("div", { class: "line-head" }, standing(each.state), h("strong", {}, h("bdi", {}, each.peer)),
        each.state !== "committed" && each.state !== "sent" && h("span", { class: "quiet" }, pace(each))),
      each.images > 0 && progress({ label: t("exams.bar_stored"), value: each.stored, total: each.images, test: `stored-${each.peer}` }),
      each.promised > 0 && progress({ label: t("exams.bar_committed"), value: each.committed, total: each.promised,
        test: `committed-${each.peer}` }),
      !each.images && h("p", {}, counts(each)),
      each.fault && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ", h("q", { dir: "auto" }, each.fault)),
      each.fault && button({ label: t("exams.try_now"), icon: "resend", test: `try-${each.peer}`, press: async () => {
        await app.api.post(`/api/peers/${encodeURIComponent(each.peer)}/try`).catch(app.problem);
        await load();
      } })))),
  ];
}

function held(lines, app, load) {
  if (!lines.length) return [];
  return [
    h("h2", {}, t("exams.owed")),
    h("ul", { class: "exams-list" }, lines.map((line) => outboxLine(app, line, load, false))),
  ];
}

function pictures(images) {
  const kept = images.filter((image) => image.object !== "rejection note");
  return [
    h("h2", {}, t("exams.n_images", { n: number(kept.length) })),
    h("ul", { class: "exam-images" }, kept.slice(0, SHOWN).map(picture)),
    kept.length > SHOWN && h("p", { class: "quiet" }, t("exams.and_more", { n: number(kept.length - SHOWN) })),
  ];
}

function picture(image) {
  const state = stateOf(image);
  const uid = encodeURIComponent(image.sop_instance_uid);
  const label = t("exams.image", { series: number(image.series_number), n: number(image.instance_number) });
  return h("li", {},
    h("a", { class: "exam-image", href: `#/review/${uid}`, "data-test": `image-${image.sop_instance_uid}` },
      h("img", { src: `/api/images/${uid}/thumb`, alt: "", loading: "lazy", width: "104", height: "78" }),
      h("span", {}, label), badge(state)));
}

function stateOf(image) {
  if (image.discarded) return "discarded";
  if (image.missing) return "failed";
  const states = image.archives.map((each) => each.state);
  if (states.length && states.every((state) => state === "committed")) return "committed";
  if (states.length && states.every((state) => state !== "owed")) return "sent";
  return states.length ? "waiting" : "acquired";
}

function more(exam) {
  return [
    h("h2", {}, t("exams.facts")),
    h("dl", { class: "exam-facts" },
      fact(t("exams.started"), date(exam.started, "both")),
      fact(t("exams.ended"), exam.ended ? date(exam.ended, "both") : t("core.unknown")),
      fact("Study Instance UID", exam.study_instance_uid),
      fact("MPPS", exam.mpps_uid),
      exam.sisters.length > 0 && h("div", {}, h("dt", {}, t("exams.sisters")),
        h("dd", {}, exam.sisters.map((other) => h("a", { class: "button button-plain", href: `#/exam/${encodeURIComponent(other)}` }, other))))),
    exam.history.length > 0 && h("h3", {}, t("exams.history")),
    h("ol", { class: "exam-history" }, exam.history.map((event) => h("li", {},
      date(event.at, "both"), " · ", action(event.action), event.who && [" · ", h("bdi", {}, event.who)]))),
  ];
}

function action(name) {
  const key = `exams.action.${name}`;
  return has(key) ? t(key) : name;
}

function fact(name, value) {
  return h("div", {}, h("dt", { class: "quiet" }, name), h("dd", { dir: "ltr" }, value));
}
