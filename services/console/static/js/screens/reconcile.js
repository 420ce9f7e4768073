/** Exams that were sent under a wrong identity: what the archive must correct, and who says so. */

import { h } from "../core/dom.js";
import { date, t } from "../core/i18n.js";
import { badge } from "../parts/badge.js";
import { button } from "../parts/button.js";
import { openDialog } from "../parts/dialog.js";
import { follow, nameOf, said, section } from "../parts/exams/words.js";

const MARKS = { asked: "held", confirmed: "waiting" };

export async function show(root, params, app) {
  app.frame({ title: t("exams.reconcile_title") });
  const list = h("div", {});
  const draw = section(list, (found) => [
    !found.may_act && h("div", { class: "row" }, said("lock", "plain", t("exams.needs_supervisor")),
      button({ label: t("exams.sign_in"), icon: "person", test: "reconcile-sign-in", press: () => app.go("signin") })),
    !found.reconciliations.length && h("p", { class: "exams-none quiet", "data-test": "reconcile-none" }, t("exams.reconcile_none")),
    h("ul", { class: "exams-list" }, found.reconciliations.map((each) => card(each, found.may_act, app, load))),
  ]);
  root.append(h("div", { class: "page exams-page" }, h("p", {}, t("exams.reconcile_text")), list));

  const ask = () => app.api.get("/api/reconcile");

  async function load() {
    draw(await ask());
  }

  await load();
  return follow(app, ask, draw);
}

function card(found, may, app, load) {
  return h("li", { class: "line", "data-test": `reconcile-${found.exam}`, "data-stage": found.stage },
    h("div", { class: "line-head" }, badge(MARKS[found.stage], t(`exams.stage.${found.stage}`)),
      h("strong", {}, t("exams.one", { exam: found.exam })),
      h("span", { class: "quiet" }, date(found.asked, "both"), " ", h("bdi", {}, found.asked_by))),
    h("div", { class: "sides" }, side(t("exams.as_sent"), found.facts, app), side(t("exams.as_it_should_be"), found.entry, app)),
    h("div", { class: "row line-actions" },
      button({ label: t("exams.sheet"), icon: "list", test: `sheet-${found.exam}`, press: () => sheet(found, app) }),
      button({ label: t("exams.one", { exam: found.exam }), icon: "exams", test: `exam-of-${found.exam}`,
        press: () => app.go(`exam/${encodeURIComponent(found.exam)}`) }),
      may && found.stage === "asked" && act("confirm", "check", "primary", found, app, load),
      may && found.stage === "confirmed" && act("done", "double_check", "primary", found, app, load),
      may && act("withdraw", "undo", "plain", found, app, load)));
}

function side(title, facts, app) {
  return h("section", { class: "side" }, h("h3", {}, title),
    h("strong", { dir: "auto" }, nameOf(app, facts.patient_name)),
    h("p", {}, [facts.birth_date && date(facts.birth_date), facts.sex && t(`core.sex.${facts.sex}`)].filter(Boolean).join(" · ")),
    h("p", {}, h("bdi", {}, facts.patient_id), " · ", h("bdi", {}, facts.accession_number || t("core.unknown"))),
    h("p", { class: "quiet", dir: "auto" }, facts.procedure));
}

function act(step, sign, kind, found, app, load) {
  return button({ label: t(`exams.step.${step}`), icon: sign, kind, test: `${step}-${found.exam}`, press: async () => {
    const sure = await app.confirmHold({
      title: t(`exams.step.${step}`), text: h("p", {}, t(`exams.step_text.${step}`)), label: t(`exams.step.${step}`),
      icon: sign, kind: step === "confirm" ? "danger" : "primary", test: "step-sheet",
    });
    if (!sure) return;
    try {
      await app.api.post(`/api/exams/${encodeURIComponent(found.exam)}/reconciliation/${step}`);
    } catch (error) {
      app.problem(error);
    }
    await load();
  } });
}

async function sheet(found, app) {
  const path = `/api/exams/${encodeURIComponent(found.exam)}/reconciliation/sheet`;
  const response = await fetch(path, { credentials: "same-origin" });
  if (!response.ok) return app.toast("caution", t("exams.sheet_failed"));
  const text = await response.text();
  return openDialog({
    title: t("exams.sheet"), test: "sheet-text",
    content: h("pre", { class: "sheet-text", dir: "ltr", tabindex: "0" }, text),
    actions: [h("a", { class: "button button-primary", href: path, download: `reconcile-${found.exam}.txt`, "data-test": "sheet-save" }, t("exams.sheet_save"))],
  });
}
