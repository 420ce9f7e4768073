/** Films that scanners printed here: whose they are, and whether they came out on paper. */

import { fill, h } from "../core/dom.js";
import { date, number, plural, t } from "../core/i18n.js";
import { badge } from "../parts/badge.js";
import { banner } from "../parts/banner.js";
import { button } from "../parts/button.js";
import { openDialog } from "../parts/dialog.js";
import { follow, nameOf, section } from "../parts/exams/words.js";
import { icon } from "../parts/icons.js";
import { sizeWord, token } from "../parts/print/words.js";

const MARKS = { waiting: "waiting", unassigned: "held", taken: "done", discarded: "discarded", sending: "sending", done: "done", held: "held", cancelled: "cancelled" };

export async function show(root, params, app) {
  app.frame({ title: t("print.films") });
  const list = h("div", {});
  const count = h("p", { role: "status", "data-test": "films-count" });
  const drawFilms = section(list, (found) => films(app, found, load));
  root.append(h("div", { class: "page films-page" }, count, list));

  const ask = () => app.api.get("/api/films");

  function draw(found) {
    const waiting = found.films.filter((each) => each.images === "unassigned").reduce((sum, each) => sum + each.pictures, 0);
    fill(count, waiting > 0 ? [badge("held", plural("print.arrived", waiting))] : t("print.films_settled"));
    drawFilms(found);
  }

  async function load() {
    draw(await ask());
  }

  await load();
  return follow(app, ask, draw, 3000);
}

function films(app, found, load) {
  if (!found.films.length) return h("p", { class: "exams-none quiet", "data-test": "films-none" }, t("print.films_none"));
  return h("ul", { class: "exams-list" }, found.films.map((film) => card(app, film, found, load)));
}

function card(app, film, found, load) {
  const label = t("print.films_one", { n: number(film.film) });
  return h("li", { class: "line film", "data-test": `film-${film.film}`, "data-images": film.images, "data-paper": film.paper },
    film.here && h("button", { type: "button", class: "film-picture", "data-test": `look-${film.film}`, "aria-label": t("print.look_at", { n: number(film.film) }),
      on: { click: () => look(film, label) } },
    h("img", { src: `/api/films/${film.film}/preview.png?width=240`, alt: "", loading: "lazy" })),
    h("div", { class: "film-words" },
      h("div", { class: "line-head" }, h("strong", {}, label), h("bdi", {}, film.caller), h("span", { class: "quiet" },
        [date(film.received, "both"), sizeWord(film.film_size), plural("print.pictures", film.pictures)].join(" · "))),
      h("div", { class: "line-head" },
        film.images !== "none" && badge(MARKS[film.images], t(`print.images.${film.images}`)),
        film.exam && film.images === "taken" && h("a", { class: "button button-plain", href: `#/exam/${encodeURIComponent(film.exam)}` }, t("exams.one", { exam: film.exam })),
        film.paper !== "none" && [icon("printer"), badge(MARKS[film.paper], t(`print.paper.${film.paper}`))]),
      film.same_as && h("p", { class: "tone-caution" }, t("print.like", { n: number(film.same_as) })),
      film.words && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ", h("q", { dir: "auto" }, film.words)),
      film.may.length > 0 && h("div", { class: "row line-actions" }, film.may.map((what) => ACTIONS[what](app, film, found, load)))));
}

function look(film, label) {
  openDialog({ title: label, test: "film-look",
    content: h("div", { tabindex: "0", role: "group", "aria-label": label },
      h("img", { class: "film-large", src: `/api/films/${film.film}/preview.png?width=900`, alt: "" })) });
}

async function act(app, film, what, body, load) {
  try {
    const answer = await app.api.post(`/api/films/${film.film}/${what}`, body);
    app.toast("good", what === "assign" ? plural("print.taken", answer.pictures) : t(`print.film_did.${what}`));
  } catch (error) {
    app.problem(error);
  }
  await load();
}

const ACTIONS = {
  assign: (app, film, found, load) => button({ label: t("print.assign"), icon: "person", kind: "primary", test: `assign-${film.film}`,
    press: () => assign(app, film, found, load) }),
  discard: (app, film, found, load) => asked(app, film, load, "discard", "bin", "danger"),
  print: (app, film, found, load) => asked(app, film, load, "print", "printer", "danger"),
  printed: (app, film, found, load) => asked(app, film, load, "printed", "check", "primary"),
};

function asked(app, film, load, what, mark, kind) {
  return button({ label: t(`print.film_do.${what}`), icon: mark, test: `${what}-${film.film}`, press: async () => {
    const sure = await app.confirmHold({ title: t(`print.film_do.${what}`), text: h("p", {}, t(`print.film_ask.${what}`)),
      label: t(`print.film_do.${what}`), icon: mark, kind, test: `${what}-sheet` });
    if (sure) await act(app, film, what, {}, load);
  } });
}

/** Whose is it: the exam at hand first, then the others that are open. */
function assign(app, film, found, load) {
  const open = [...found.open].sort((one, other) => Number(other.exam === found.at_hand) - Number(one.exam === found.at_hand));
  if (open.length === 1) {
    confirm(app, film, open[0], load);
    return;
  }
  const sheet = openDialog({
    title: t("print.which_exam"), test: "assign-which",
    content: [
      h("p", {}, t(open.length ? "print.which_text" : "print.no_open")),
      h("div", { class: "film-exams" }, open.map((exam) => button({
        label: [nameOf(app, exam.patient_name), exam.patient_id, t("exams.one", { exam: exam.exam })].filter(Boolean).join(" · "),
        icon: "person", test: `assign-to-${exam.exam}`, press: () => { sheet.close(); confirm(app, film, exam, load); } }))),
    ],
    actions: [
      button({ label: t("core.nav.exams"), icon: "exams", test: "assign-exams", press: () => { sheet.close(); app.go("exams"); } }),
      button({ label: t("core.nav.worklist"), icon: "list", test: "assign-worklist", press: () => { sheet.close(); app.go("worklist"); } }),
    ],
  });
}

async function confirm(app, film, exam, load) {
  const once = token();
  const sure = await app.confirmHold({
    title: t("print.assign_title"),
    text: h("div", { class: "film-compare", tabindex: "0", role: "group", "aria-label": t("print.assign_text") },
      h("img", { class: "film-large", src: `/api/films/${film.film}/preview.png?width=600`, alt: t("print.films_one", { n: number(film.film) }) }),
      h("div", {}, banner(exam), h("p", {}, t("print.assign_text")))),
    label: t("print.assign_yes"), icon: "check", kind: "primary", test: "assign-sheet",
  });
  if (sure) await act(app, film, "assign", { exam: exam.exam, token: once }, load);
}
