/** Which worklist entry an exam belongs to: choose it, compare both sides, hold. */

import { clear, h } from "../core/dom.js";
import { age, date, number, t } from "../core/i18n.js";
import { watchScanner } from "../core/scanner.js";
import { banner } from "../parts/banner.js";
import { button } from "../parts/button.js";
import { field } from "../parts/field.js";
import { holdButton } from "../parts/hold-button.js";
import { icon } from "../parts/icons.js";
import { nameOf, said } from "../parts/exams/words.js";
import { timeWords } from "../parts/worklist/words.js";

const SHOWN = 50;
const DATES = new Set(["birth_date"]);

export async function show(root, params, app) {
  app.frame({ title: t("exams.match_title") });
  if (params.key) return compare(root, params, app);
  return choose(root, params, app);
}

async function choose(root, params, app) {
  const id = encodeURIComponent(params.exam);
  const [exam, worklist] = await Promise.all([
    app.api.get(`/api/exams/${id}`), app.api.get("/api/worklist?preset=all"),
  ]);
  const list = h("ul", { class: "exams-list", "data-test": "match-entries" });
  let words = [];
  root.append(h("div", { class: "page match-page" },
    banner(exam.facts),
    h("p", { class: "said" }, icon("scan"), h("span", {}, t("exams.match_choose"))),
    h("div", { class: "row exams-tools" }, h("div", { class: "grow" },
      field({ label: t("exams.search"), test: "match-search", longest: 64, change: (text) => {
        words = folded(text).split(" ").filter(Boolean);
        draw(worklist.rows);
      } }))),
    list));
  draw(worklist.rows);

  function draw(rows) {
    clear(list);
    const found = rows.filter((row) => words.every((word) => row.search.includes(word)));
    list.append(...found.slice(0, SHOWN).map((row) => entry(row, id, app)));
    if (!found.length) list.append(h("li", { class: "quiet" }, t("exams.match_none")));
    if (found.length > SHOWN) list.append(h("li", { class: "quiet" }, t("exams.and_more", { n: number(found.length - SHOWN) })));
  }

  return watchScanner(async (text) => {
    try {
      const found = await app.api.post(`/api/exams/${id}/match/scan`, { text });
      if (found.rows.length === 1) app.go(`match/${id}/${found.rows[0].key}`);
      else draw(found.rows);
    } catch (error) {
      app.problem(error);
    }
  });
}

function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[\^=,]/g, " ").trim();
}

function entry(row, id, app) {
  return h("li", {}, h("a", { class: "exam-row", href: `#/match/${id}/${row.key}`, "data-test": `entry-${row.key}` },
    h("span", { class: "exam-who" },
      h("strong", { class: "exam-name", dir: "auto" }, nameOf(app, row.patient_name)),
      h("span", {}, [row.birth_date && date(row.birth_date), age(row.age), row.sex && t(`core.sex.${row.sex}`)].filter(Boolean).join(" · ")),
      h("span", { class: "quiet" }, [row.patient_id, row.accession_number].filter(Boolean).map((text, place) =>
        [place > 0 && " · ", h("bdi", {}, text)]))),
    h("span", { class: "exam-where" }, h("span", { dir: "auto" }, row.procedure),
      h("span", { class: "quiet" }, date(row.date), " ", h("bdi", {}, timeWords(row.time))))));
}

async function compare(root, params, app) {
  const id = encodeURIComponent(params.exam);
  const found = await app.api.get(`/api/exams/${id}/match/${encodeURIComponent(params.key)}`);
  const correct = found.way === "correct";
  root.append(h("div", { class: "page match-page", "data-way": found.way },
    banner(found.here),
    h("table", { class: "match-table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, t("exams.fact"))),
        h("th", { scope: "col" }, t("exams.here")), h("th", { scope: "col" }, t("exams.there")))),
      h("tbody", {}, found.facts.map((fact) => compared(fact, app)))),
    h("ul", { class: "match-warnings", "data-test": "match-warnings" }, found.warnings.filter((each) => !each.code.startsWith("differs_")).map((each) =>
      h("li", { "data-code": each.code }, said("warning", "caution", t(`exams.caution.${each.code}`, each.params))))),
    said(correct ? "info" : "warning", correct ? "plain" : "caution", t(`exams.way.${found.way}`), "match-way"),
    h("div", { class: "row match-actions" },
      button({ label: t("core.back"), icon: "back", test: "match-back", press: () => app.back() }),
      holdButton({ label: t(`exams.match_yes.${found.way}`), icon: "check", kind: correct ? "primary" : "danger",
        test: "match-yes", done: () => match() }))));
  return () => {};

  async function match() {
    try {
      const answer = await app.api.post(`/api/exams/${id}/match`, { key: found.key, seal: found.seal });
      app.toast("good", answer.way === "correct" ? t("exams.matched", { n: number(answer.files) }) : t(`exams.asked.${answer.stage}`));
      app.go(answer.way === "correct" ? `exam/${id}` : "reconcile");
    } catch (error) {
      app.problem(error);
      if (["G-4204", "G-4205"].includes(error.code)) app.refresh();
    }
  }
}

function compared(fact, app) {
  const words = (value) => {
    if (!value) return t("core.unknown");
    if (fact.name === "name") return nameOf(app, value);
    if (fact.name === "sex") return t(`core.sex.${value}`);
    return DATES.has(fact.name) ? date(value) : value;
  };
  const mark = fact.contradicts ? ["warning", "exams.contradicts"] : fact.differs && ["forward", "exams.differs"];
  return h("tr", { class: fact.contradicts ? "match-contradicts" : fact.differs ? "match-differs" : null, "data-fact": fact.name },
    h("th", { scope: "row" }, t(`exams.fact.${fact.name}`)),
    h("td", { dir: "auto" }, words(fact.here)),
    h("td", { dir: "auto" }, words(fact.there),
      mark && h("span", { class: "match-mark" }, icon(mark[0]), h("span", {}, t(mark[1])))));
}
