/** Is this the patient? Large facts to compare, warnings first, nothing that could be changed. */

import { fill, h } from "../core/dom.js";
import { plural, t } from "../core/i18n.js";
import { personName } from "../core/names.js";
import { sound } from "../core/sound.js";
import { button } from "../parts/button.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { newToken, openExam } from "../parts/worklist/open-exam.js";
import { agreedFor, forgetScans, keepScan, scansFor } from "../parts/worklist/pending.js";
import { listenForCodes } from "../parts/worklist/scanning.js";
import { worklistRow } from "../parts/worklist/row.js";
import { bornWords, sexWords, sideWords, warningWords } from "../parts/worklist/words.js";

/** How many identifiers a person compares by eye before they hold. */
const NEEDED = 2;

export async function show(root, params, app) {
  const facts = await app.api.get(`/api/confirm/${encodeURIComponent(params.keys)}`);
  const screen = makeConfirm(root, params.keys, facts, app);
  return screen.leave;
}

function makeConfirm(root, keys, facts, app) {
  const token = newToken();
  let busy = false;
  let gone = false;
  const told = h("p", { class: "confirm-told", role: "status", "data-test": "confirm-told" });
  const stopped = Boolean(facts.open_exam) || !facts.enough;
  app.frame({ title: t("worklist.confirm.title"), bare: true });
  root.append(h("div", { class: "confirm" },
    h("div", { class: "confirm-body", tabindex: "0", role: "region", "aria-label": t("worklist.confirm.title") },
      warningsPart(facts), factsPart(facts, app.preferences.names), alikePart(facts, app)),
    told,
    h("div", { class: "confirm-actions" },
      button({ label: t("core.back"), icon: "back", test: "confirm-back", press: () => app.go("worklist") }),
      button({ label: t("worklist.confirm.not_this"), icon: "close", test: "not-this-patient", press: reject }),
      holdButton({ label: t("worklist.confirm.start"), icon: "check", test: "confirm-start", disabled: stopped, done: held }))));
  tell();
  const end = listenForCodes(app, scanned);

  function tell(words = "") {
    const scans = scansFor(keys).length;
    let text = words;
    if (!text && facts.open_exam) text = t("worklist.confirm.open_exam", { exam: facts.open_exam });
    if (!text && !facts.enough) text = t("worklist.confirm.too_little");
    if (!text && agreedFor(keys) >= NEEDED) text = t("worklist.confirm.read_first");
    if (!text) text = scans ? t("worklist.confirm.one_scan") : t("worklist.confirm.compare");
    fill(told, icon(stopped ? "warning" : "scan"), h("span", {}, text));
  }

  function held() {
    const names = compared(facts);
    start({ by: "hold", identifiers: facts.identifiers.filter((each) => names.includes(each.name)) });
  }

  function scanned(text) {
    if (busy || stopped) return;
    keepScan(keys, text);
    start({ by: "scan", scans: scansFor(keys) });
  }

  async function start(confirmed) {
    if (busy) return;
    busy = true;
    try {
      await openExam(app, "start", { keys: keys.split(","), confirmed, token });
    } catch (error) {
      refused(error);
    } finally {
      busy = false;
    }
  }

  function refused(error) {
    if (gone) return;
    if (error.code === "G-1202") {
      sound("done");
      tell();
    } else if (error.code === "G-1211") {
      sound("done");
      tell(t("worklist.confirm.read_first"));
    } else {
      forgetScans();
      app.problem(error);
      tell();
    }
  }

  async function reject() {
    forgetScans();
    app.api.post("/api/worklist/not-this-patient", { keys: keys.split(",") }).catch(() => {});
    app.go("unscheduled");
  }

  return {
    leave() {
      gone = true;
      end();
    },
  };
}

/** What stands out to be compared: what a patient can say themselves comes first. */
function compared(facts) {
  return [...new Set(facts.identifiers.map((each) => each.name))].slice(0, NEEDED);
}

function warningsPart(facts) {
  const warnings = facts.rows.flatMap((row) => row.warnings);
  const alerts = [...new Set(facts.rows.flatMap((row) => row.alerts))];
  if (warnings.length + alerts.length === 0) return null;
  return h("ul", { class: "confirm-warnings", "data-test": "confirm-warnings" },
    warnings.map((warning) => h("li", { class: warning.kind === "incomplete" ? "quiet" : "tone-caution", "data-warning": warning.kind },
      icon(warning.kind === "incomplete" ? "info" : "warning"), h("span", {}, warningWords(warning)))),
    alerts.map((words) => h("li", { class: "tone-bad" }, icon("info"), h("span", {}, t("worklist.alert", { words })))));
}

function factsPart(facts, names) {
  const name = personName(facts.patient_name, names);
  const marked = new Set(compared(facts));
  return h("dl", { class: "confirm-facts" },
    fact("patient_name", [name.main || t("core.banner.no_name"), name.others.map((other) => h("small", {}, h("bdi", {}, other)))], marked.has("patient_name")),
    fact("birth_date", bornWords(facts), marked.has("birth_date")),
    fact("patient_id", facts.patient_id, marked.has("patient_id")),
    fact("sex", sexWords(facts)),
    fact("accession", facts.accession_number, marked.has("accession_number")),
    fact("procedure", [facts.procedure, sideWords(facts) && h("strong", { class: "confirm-side" }, sideWords(facts))]),
    facts.rows.length > 1 && fact("steps", plural("worklist.confirm.steps", facts.rows.length)));
}

function fact(key, value, outstanding = false) {
  const said = [value].flat(2).filter(Boolean).map((part) => (typeof part === "string" ? h("bdi", {}, part) : part));
  const words = key === "steps" ? t("worklist.confirm.together") : key === "patient_name" ? t("worklist.confirm.name") : t(`core.banner.${key}`);
  return h("div", { class: `confirm-fact${outstanding ? " confirm-compared" : ""}` },
    h("dt", {}, outstanding && icon("eye"), words),
    h("dd", { "data-test": `confirm-${key}` }, said.length > 0 ? said : t("core.unknown")));
}

function alikePart(facts, app) {
  if (facts.alike.length === 0) return null;
  return h("section", { class: "confirm-alike", "data-test": "confirm-alike" },
    h("h2", {}, t("worklist.confirm.alike")),
    facts.alike.map((row) => worklistRow(row, {
      names: app.preferences.names, today: facts.rows[0].date, press: () => app.go(`confirm/${encodeURIComponent(row.key)}`),
    })));
}
