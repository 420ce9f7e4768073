/** The exams: found by name or number, each with what its destinations have. */

import { h } from "../core/dom.js";
import { date, number, t } from "../core/i18n.js";
import { route } from "../core/router.js";
import { badge } from "../parts/badge.js";
import { button } from "../parts/button.js";
import { openDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icons.js";
import { counts, examState, follow, nameOf, section, standing } from "../parts/exams/words.js";

const WHICH = ["all", "open", "owed", "held", "reconcile"];
const SIZE = 20;

export async function show(root, params, app) {
  app.frame({ title: t("exams.title") });
  const asked = { state: WHICH.includes(params.state) ? params.state : "all", filter: params.filter || "",
    page: Number(params.page) || 0 };
  const list = h("div", {});
  const draw = section(list, (found) => rows(found, app, turn));
  const search = field({ label: t("exams.search"), test: "exams-search", value: asked.filter, longest: 64,
    change: (text) => { asked.filter = text; asked.page = 0; load().catch(app.problem); } });

  root.append(h("div", { class: "page exams-page" },
    h("div", { class: "row exams-tools" },
      h("div", { class: "grow" }, search),
      button({ label: t(`exams.which.${asked.state}`), icon: "list", test: "exams-which", press: choose }),
      button({ label: t("exams.queue"), icon: "send", test: "to-queue", press: () => app.go("queue") })),
    list));

  function ask() {
    return app.api.get(`/api/exams?${new URLSearchParams({ ...asked, size: SIZE })}`);
  }

  async function load() {
    draw(await ask());
  }

  function turn(step) {
    asked.page = Math.max(0, asked.page + step);
    root.scrollTop = 0;
    load().catch(app.problem);
  }

  function choose() {
    const sheet = openDialog({
      title: t("exams.which.title"), test: "which-sheet", content: "",
      actions: WHICH.map((state) => button({ label: t(`exams.which.${state}`), test: `which-${state}`,
        pressed: state === asked.state, press: () => {
          sheet.close();
          app.go(route("exams", [], { state, filter: asked.filter }));
        } })),
    });
  }

  await load();
  // what was asked for before the page was turned is of no use
  return follow(app, ask, (found) => { if (found.page === asked.page) draw(found); });
}

function rows(found, app, turn) {
  if (!found.exams.length) return h("p", { class: "exams-none quiet", "data-test": "exams-none" }, t("exams.none"));
  const last = Math.max(0, Math.ceil(found.total / found.size) - 1);
  return [
    h("p", { class: "quiet", role: "status" }, t("exams.found", { n: number(found.total) })),
    h("ul", { class: "exams-list" }, found.exams.map((exam) => row(exam, app))),
    last > 0 && h("div", { class: "row pager" },
      button({ label: t("exams.newer"), icon: "up", test: "page-newer", disabled: found.page === 0, press: () => turn(-1) }),
      h("span", {}, t("exams.page", { n: number(found.page + 1), total: number(last + 1) })),
      button({ label: t("exams.older"), icon: "down", test: "page-older", disabled: found.page >= last, press: () => turn(1) })),
  ];
}

function row(exam, app) {
  return h("li", {},
    h("a", { class: "exam-row", href: `#/exam/${encodeURIComponent(exam.exam)}`, "data-test": `exam-${exam.exam}`,
      "data-standing": exam.standing },
      h("span", { class: "exam-who" },
        h("strong", { class: "exam-name", dir: "auto" }, nameOf(app, exam.patient_name)),
        h("span", {}, [exam.birth_date && date(exam.birth_date), exam.sex && t(`core.sex.${exam.sex}`)].filter(Boolean).join(" · ")),
        h("span", { class: "quiet" }, [exam.patient_id, exam.accession_number].filter(Boolean).map((text, place) =>
          [place > 0 && " · ", h("bdi", {}, text)])),
        h("span", { class: "quiet" }, date(exam.started, "both"), " · ", t("exams.n_images", { n: number(exam.taken - exam.discarded) }))),
      h("span", { class: "exam-where" },
        exam.state === "IN PROGRESS" ? examState(exam.state) : standing(exam.standing),
        !exam.scheduled && badge("unscheduled", t("exams.unscheduled")),
        exam.reconciliation && badge("held", t("exams.to_reconcile")),
        exam.destinations.map((each) => h("span", { class: "exam-destination" },
          icon(each.state === "held" ? "warning" : each.state === "committed" ? "double_check" : "send"),
          h("bdi", {}, each.peer), " ", h("span", { class: "quiet" }, counts(each)))))));
}
