/** The end of an exam: what there is, what goes where, and how it ended. */

import { fill, h } from "../core/dom.js";
import { handsOff } from "../core/hands.js";
import { sound } from "../core/sound.js";
import { ago, number, plural, t } from "../core/i18n.js";
import { badge } from "../parts/badge.js";
import { button } from "../parts/button.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { discardedWords, framesWords, imageName } from "../parts/image-words.js";
import { reasonList } from "../parts/reason-list.js";

const SOONEST_MS = 700;

export async function show(root, params, app) {
  const exam = params.exam || (await examAtHand(app));
  if (!exam) {
    app.go("worklist");
    return () => {};
  }
  const screen = makeFinish(root, exam, app);
  await screen.load();
  return screen.leave;
}

async function examAtHand(app) {
  const held = await app.api.get("/api/at-hand");
  return held.exam ? held.exam.exam : "";
}

function makeFinish(root, exam, app) {
  let seen = null;
  let reason = "";
  let asking = false;
  let gone = false;
  let soon = 0;
  let recording = false;
  let drawn = "";
  const head = h("div");
  const body = h("div", { class: "finish-body", tabindex: "0", role: "region", "aria-label": t("images.finish.title") });
  const actions = h("div", { class: "finish-actions" });

  async function load() {
    clearTimeout(soon);
    soon = 0;
    const found = await app.api.get(`/api/exams/${encodeURIComponent(exam)}/finish`);
    await handsOff();
    if (gone) return;
    const first = !seen;
    seen = found;
    recording = seen.recording;
    if (first) {
      app.frame({ title: t("images.finish.title"), bare: true });
      fill(head, app.banner(seen.exam));
      drawActions();
    }
    draw();
  }

  /** What has not changed stays as it is: a finger may be on it. */
  function draw() {
    const now = JSON.stringify([seen, recording], (key, value) => (key === "last_contact" ? typeof value : value));
    if (!asking && now !== drawn) {
      fill(body, overview());
      drawn = now;
    }
    for (const [name, barred] of Object.entries(barredActions())) {
      const control = actions.querySelector(`[data-test="${name}"]`);
      if (control && control.disabled !== barred) control.disabled = barred;
    }
  }

  function drawActions() {
    fill(actions, asking ? askingActions() : usualActions());
  }

  function barredActions() {
    const over = !seen.open || recording;
    return {
      "finish-print": !seen.images,
      "finish-discontinue": over,
      "finish-complete": over || !seen.can_complete,
      "discontinue-hold": over || !reason,
    };
  }

  function overview() {
    return [
      !seen.open && h("p", { class: "tone-caution", "data-test": "finish-ended" }, icon("info"), " ", t("images.finish.ended")),
      recording && h("p", { class: "tone-bad", "data-test": "finish-recording" }, badge("recording"), " ", t("images.finish.recording")),
      seen.images === 0 && h("p", { class: "tone-caution", "data-test": "finish-none" }, icon("warning"), " ", t("images.finish.none")),
      h("div", { class: "finish-columns" },
        h("div", { class: "finish-images" }, seen.series.map(seriesPart)),
        h("div", { class: "finish-where" },
          h("h2", {}, t("images.finish.where")),
          h("ul", { class: "finish-list", "data-test": "finish-archives" },
            seen.archives.map(archivePart), seen.reports.map(reportPart),
            seen.archives.length === 0 && h("li", {}, t("images.finish.nowhere"))))),
      seen.discarded.length > 0 && [h("h2", {}, t("images.finish.discarded")),
        h("ul", { class: "finish-list", "data-test": "finish-discarded" }, seen.discarded.map(discardedPart))],
    ];
  }

  function seriesPart(series) {
    return h("section", { class: "finish-series", "data-test": `series-${series.series}` },
      h("h2", { dir: "auto" }, [series.protocol, series.description].filter(Boolean).join(" · "), " ",
        h("small", { class: "quiet" }, plural("images.count", series.images.length))),
      h("div", { class: "thumbs" }, series.images.map(thumb)));
  }

  function thumb(image) {
    const words = [imageName(image), framesWords(image)].filter(Boolean).join(", ");
    return h("a", { class: "thumb", href: `#/review/${encodeURIComponent(image.uid)}`, "data-test": `thumb-${image.uid}` },
      image.here ? h("img", { src: `/api/images/${encodeURIComponent(image.uid)}/thumb`, alt: "", loading: "lazy", decoding: "async" }) : icon("cloud"),
      h("span", { class: "thumb-words", "aria-hidden": "true" }, number(image.number), image.frames > 1 && icon("play")),
      h("span", { class: "unseen" }, words));
  }

  function archivePart(archive) {
    return h("li", { "data-test": `archive-${archive.peer}` },
      h("strong", { dir: "auto" }, archive.peer), " ",
      h("span", {}, plural("images.count", archive.images)), " ",
      archive.stored > 0 && badge("stored", t("images.finish.stored", { n: number(archive.stored) })),
      archive.commitment && [" ", h("span", { class: "quiet" }, t("images.finish.commitment"))], " ",
      contact(archive));
  }

  function reportPart(report) {
    return h("li", { "data-test": `report-${report.peer}` },
      h("strong", { dir: "auto" }, report.peer), " ", h("span", {}, t("images.finish.report")), " ", contact(report));
  }

  function contact(peer) {
    if (peer.away) return badge("offline", t("images.finish.away"));
    if (peer.last_contact === null) return h("span", { class: "quiet" }, t("images.finish.never"));
    return badge("online", t("images.finish.heard", { ago: ago(peer.last_contact) }));
  }

  function discardedPart(image) {
    return h("li", { class: "row", "data-test": `discarded-${image.uid}` },
      thumb(image), h("div", { class: "grow" }, discardedWords(image)),
      seen.open && button({ label: t("images.restore"), icon: "undo", test: `restore-${image.uid}`, press: () => restore(image) }));
  }

  function usualActions() {
    return [
      button({ label: t("core.back"), icon: "back", test: "finish-back", press: app.back }),
      button({ label: t("images.finish.print"), icon: "printer", test: "finish-print", press: () => app.go(`print/${encodeURIComponent(exam)}`) }),
      button({ label: t("images.finish.discontinue"), icon: "stop_sign", kind: "danger", test: "finish-discontinue", press: () => ask(true) }),
      holdButton({ label: t("images.finish.complete"), icon: "check", test: "finish-complete", done: () => end("complete", {}) }),
    ];
  }

  function askingActions() {
    return [
      button({ label: t("core.back"), icon: "back", test: "discontinue-back", press: () => ask(false) }),
      holdButton({ label: t("images.finish.discontinue"), icon: "stop_sign", kind: "danger", test: "discontinue-hold", done: () => end("discontinue", { reason }) }),
    ];
  }

  function ask(wanted) {
    asking = wanted;
    reason = "";
    drawn = "";
    if (asking) drawReasons();
    drawActions();
    draw();
    body.scrollTop = 0;
  }

  function drawReasons() {
    fill(body, h("h2", {}, t("images.finish.why")),
      reasonList({ codes: seen.reasons, label: t("images.finish.why"), chosen: reason, choose }));
  }

  function choose(code) {
    reason = code;
    for (const each of body.querySelectorAll("[data-test^='reason-']")) {
      each.setAttribute("aria-pressed", String(each.dataset.test === `reason-${code}`));
    }
    draw();
  }

  async function restore(image) {
    try {
      await app.api.post(`/api/images/${encodeURIComponent(image.uid)}/restore`);
      app.toast("good", t("images.restore.done"));
    } catch (error) {
      app.problem(error);
    }
    await load().catch(app.problem);
  }

  async function end(how, said) {
    try {
      await app.api.post(`/api/exams/${encodeURIComponent(exam)}/${how}`, said);
    } catch (error) {
      app.problem(error);
      await load().catch(() => {});
      return;
    }
    sound("done");
    const away = seen.archives.some((archive) => archive.away);
    app.toast("good", t(away ? "images.finish.done_later" : "images.finish.done"));
    app.go("worklist");
  }

  const silence = [
    app.live.on("changed", () => {
      if (!soon) soon = setTimeout(() => load().catch(() => {}), SOONEST_MS);
    }),
    app.live.on("state", async (state) => {
      const now = Boolean(state.recording);
      if (!seen || now === recording) return;
      await handsOff();
      if (gone) return;
      recording = now;
      draw();
    }),
  ];
  root.append(h("div", { class: "finish" }, head, body, actions));

  function leave() {
    gone = true;
    clearTimeout(soon);
    for (const quiet of silence) quiet();
  }

  return { load, leave };
}
