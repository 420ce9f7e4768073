/** One entry of the worklist: a button as large as a glove needs. */

import { h } from "../../core/dom.js";
import { date, t } from "../../core/i18n.js";
import { personName } from "../../core/names.js";
import { badge } from "../badge.js";
import { icon } from "../icons.js";
import { bornWords, sexWords, sideWords, timeWords, warningWords } from "./words.js";

const SHOWN_WARNINGS = 2;

/**
 * @param {any} row as the box describes it
 * @param {{names: string, today: string, press: (row: any) => void, chosen?: boolean}} options
 */
export function worklistRow(row, { names, today, press, chosen }) {
  const name = personName(row.patient_name, names);
  const warnings = row.warnings.filter((warning) => warning.kind !== row.state && warning.kind !== "incomplete");
  return h(
    "button",
    {
      type: "button",
      class: `wl-row${row.state === "started_elsewhere" ? " wl-caution" : ""}`,
      "data-test": `row-${row.key}`,
      "data-key": row.key,
      "aria-pressed": chosen === undefined ? null : String(chosen),
      on: { click: () => press(row) },
    },
    h("span", { class: "wl-when" },
      h("span", { class: "wl-time" }, timeWords(row.time)),
      row.date !== today && h("span", { class: "wl-day" }, date(row.date)),
      chosen !== undefined && icon(chosen ? "check" : "plus")),
    h("span", { class: "wl-who" },
      h("span", { class: "wl-name" }, h("bdi", {}, name.main || t("core.banner.no_name")),
        name.others.map((other) => h("small", { class: "wl-other" }, h("bdi", {}, other)))),
      h("span", { class: "wl-facts" }, facts(row).map((text) => h("bdi", {}, text))),
      warnings.slice(0, SHOWN_WARNINGS).map((warning) =>
        h("span", { class: "wl-warning", "data-warning": warning.kind }, icon("warning"), warningWords(warning)))),
    h("span", { class: "wl-state" }, badge(row.state)),
  );
}

function facts(row) {
  return [
    bornWords(row),
    sexWords(row),
    row.patient_id,
    row.accession_number,
    [row.procedure, sideWords(row)].filter(Boolean).join(" · "),
  ].filter(Boolean);
}
