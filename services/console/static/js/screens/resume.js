/** Still this patient? Asked over the whole screen after a restart, after hours, after a rest. */

import { fill, h } from "../core/dom.js";
import { handsOff } from "../core/hands.js";
import { date, t } from "../core/i18n.js";
import { personName } from "../core/names.js";
import { sound } from "../core/sound.js";
import { button } from "../parts/button.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { listenForCodes } from "../parts/worklist/scanning.js";
import { bornWords, sexWords, sideWords } from "../parts/worklist/words.js";

const DOUBTS = new Set(["resumed", "long", "idle", "wristband"]);

export async function show(root, params, app) {
  const screen = makeResume(root, app);
  await screen.load();
  return screen.leave;
}

function makeResume(root, app) {
  const page = h("div", { class: "confirm" });
  let exam = null;
  let gone = false;
  let busy = false;
  let scans = [];
  root.append(page);
  const end = listenForCodes(app, scanned);
  const changed = app.live.on("changed", () => settled().catch(() => {}));

  /** Somebody may have answered elsewhere, or scanned the right code at the box. */
  async function settled() {
    const found = await app.api.get("/api/at-hand");
    await handsOff();
    if (gone || busy) return;
    if (found.exam && !found.ask) app.go("acquire");
    else if (!found.exam && found.open.length === 0) app.go("worklist");
  }

  async function load() {
    const found = await app.api.get("/api/at-hand");
    if (gone) return;
    app.frame({ title: t("worklist.resume.title"), bare: true });
    if (found.exam && !found.ask) app.go("acquire");
    else if (found.exam) ask(found.exam, DOUBTS.has(found.ask) ? found.ask : "resumed");
    else if (found.open.length === 1) ask(found.open[0], "left_open");
    else if (found.open.length > 1) choose(found.open);
    else app.go("worklist");
  }

  function choose(open) {
    exam = null;
    fill(page,
      h("div", { class: "confirm-body" },
        h("h2", {}, icon("warning"), " ", t("worklist.resume.several")),
        h("div", { class: "wl-choices" }, open.map((each) =>
          h("button", { type: "button", class: "wl-row", "data-test": `open-${each.exam}`, on: { click: () => ask(each, "left_open", open) } },
            h("span", { class: "wl-when" }, date(each.started, "both")),
            h("span", { class: "wl-who" },
              h("span", { class: "wl-name" }, h("bdi", {}, nameOf(each))),
              h("span", { class: "wl-facts" }, [bornWords(each), each.patient_id, each.accession_number].filter(Boolean)
                .map((text) => h("bdi", {}, text)))))))));
  }

  function ask(asked, why, others = null) {
    exam = asked;
    scans = [];
    sound("refused");
    fill(page,
      h("div", { class: "confirm-body", tabindex: "0", role: "region", "aria-label": t("worklist.resume.title") },
        h("h2", { class: "resume-question" }, icon("question"), " ", t("worklist.resume.title")),
        h("p", { "data-test": "resume-why", "data-why": why }, t(`worklist.resume.${why}`, { time: date(exam.started, "both") })),
        app.banner(exam),
        h("p", { class: "resume-name" }, h("bdi", {}, nameOf(exam))),
        h("p", { class: "resume-facts" }, [bornWords(exam), sexWords(exam), sideWords(exam)].filter(Boolean).join(" · "))),
      h("div", { class: "confirm-actions" },
        others && button({ label: t("core.back"), icon: "back", test: "resume-back", press: () => choose(others) }),
        button({ label: t("worklist.resume.finish"), icon: "stop", test: "resume-finish", press: () => app.go(`finish/${encodeURIComponent(exam.exam)}`) }),
        holdButton({ label: t("worklist.resume.same"), icon: "check", test: "resume-same",
          done: () => confirm({ by: "hold", identifiers: exam.identifiers }) })));
  }

  function nameOf(facts) {
    return personName(facts.patient_name, app.preferences.names).main || facts.patient_id || t("core.banner.no_name");
  }

  function scanned(text) {
    if (!exam) return;
    scans = [...scans, text];
    confirm({ by: "scan", scans });
  }

  async function confirm(confirmed) {
    if (busy) return;
    busy = true;
    try {
      await app.api.post("/api/at-hand/confirm", { exam: exam.exam, confirmed });
      sound("done");
      app.go("acquire");
    } catch (error) {
      if (gone) return;
      if (error.code === "G-1202") {
        app.toast("plain", t("worklist.confirm.one_scan"));
      } else {
        scans = [];
        app.problem(error);
      }
    } finally {
      busy = false;
    }
  }

  return {
    load,
    leave() {
      gone = true;
      end();
      changed();
    },
  };
}
