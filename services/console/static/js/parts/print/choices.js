/** Sheets on which printer, film, layout and copies are chosen. */

import { fill, h } from "../../core/dom.js";
import { number, t } from "../../core/i18n.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { conditionBadge, layoutWord, reasons, said, sizeWord } from "./words.js";

/**
 * @param {{app: any, printers: Object[], chosen: string, choose: (name: string) => void}} options
 */
export function openPrinters({ app, printers, chosen, choose }) {
  const list = h("div", { class: "print-printers" });
  const sheet = openDialog({ title: t("print.printer"), content: list, test: "printers-sheet" });
  draw(printers);

  function draw(found) {
    fill(list, found.map((printer) => h("section", { class: "print-printer", "data-test": `printer-${printer.name}`, "data-state": printer.health.condition },
      h("div", { class: "grow" }, h("strong", {}, h("bdi", {}, printer.name)), " ", conditionBadge(printer.health),
        reasons(printer.health), h("p", { class: "quiet" }, said(printer.health))),
      button({ label: t("print.ask"), icon: "resend", test: `ask-${printer.name}`, press: () => ask(found, printer.name) }),
      button({ label: t("print.choose"), icon: "check", kind: "primary", test: `choose-${printer.name}`, pressed: printer.name === chosen,
        press: () => { sheet.close(); choose(printer.name); } }))));
  }

  async function ask(found, name) {
    try {
      const told = await app.api.post("/api/print/ask", { printer: name });
      draw(found.map((each) => (each.name === name ? told : each)));
    } catch (error) {
      app.problem(error);
    }
  }
  return sheet;
}

/**
 * @param {{draft: import("./draft.js").Draft, uncalibrated: () => number, changed: () => void}} options
 */
export function openFilm({ draft, uncalibrated, changed }) {
  const content = h("div", { class: "print-film" });
  const sheet = openDialog({ title: t("print.film"), content, test: "film-sheet" });
  draw();

  function draw() {
    const { options } = draft;
    fill(content,
      group("print.layout", options.formats.map(({ id }) => choice(`layout-${id}`, layoutWord(id), draft.format === id, () => draft.lay(id)))),
      group("print.size", options.film_sizes.map(({ id }) => choice(`size-${id}`, sizeWord(id), draft.size === id, () => { draft.size = id; }))),
      group("print.orientation", ["PORTRAIT", "LANDSCAPE"].map((way) =>
        choice(`orientation-${way}`, t(`print.orientation.${way}`), draft.orientation === way, () => { draft.orientation = way; }))),
      group("print.polarity", ["NORMAL", "REVERSE"].map((way) =>
        choice(`polarity-${way}`, t(`print.polarity.${way}`), draft.polarity === way, () => { draft.polarity = way; }))),
      group("print.true_size", trueSize()));
  }

  function trueSize() {
    const why = draft.options.true_size ? uncalibrated() && t("print.true_size.pictures", { n: number(uncalibrated()) }) : t("print.true_size.printer");
    return [
      button({ label: t("print.true_size.word"), icon: "eye", test: "true-size", pressed: draft.trueSize, disabled: Boolean(why) && !draft.trueSize,
        press: () => change(() => { draft.trueSize = !draft.trueSize; }) }),
      why && h("p", { class: "tone-caution grow", "data-test": "true-size-why" }, why),
    ];
  }

  function choice(test, label, pressed, set) {
    return button({ label, test, pressed, press: () => change(set) });
  }

  function change(set) {
    const focused = document.activeElement && document.activeElement.dataset.test;
    set();
    draw();
    const again = focused && content.querySelector(`[data-test="${CSS.escape(focused)}"]`);
    if (again) again.focus();
    changed();
  }
  return sheet;
}

function group(key, content) {
  return h("section", { role: "group", "aria-label": t(key) }, h("h3", {}, t(key)), h("div", { class: "choices" }, content));
}

/** @param {{draft: import("./draft.js").Draft, changed: () => void}} options */
export function openCopies({ draft, changed }) {
  const shown = h("output", { class: "copies-count", "aria-live": "polite", "data-test": "copies-count" }, number(draft.copies));
  const step = (by) => {
    draft.copies = Math.min(draft.mostCopies, Math.max(1, draft.copies + by));
    shown.textContent = number(draft.copies);
    changed();
  };
  const sheet = openDialog({
    title: t("print.copies"), test: "copies-sheet",
    content: h("div", { class: "copies" },
      button({ label: t("print.fewer"), icon: "minus", test: "copies-fewer", press: () => step(-1) }), shown,
      button({ label: t("print.more"), icon: "plus", test: "copies-more", press: () => step(1) })),
    actions: [button({ label: t("core.done"), icon: "check", kind: "primary", test: "copies-done", press: () => sheet.close() })],
  });
  return sheet;
}
