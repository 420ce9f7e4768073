/** Printers: how each is, and a test film. */

import { fill, h } from "../../core/dom.js";
import { button } from "../../parts/button.js";
import { holdButton } from "../../parts/hold-button.js";
import { conditionBadge, reasons, said } from "../../parts/print/words.js";
import { followJob, lineList, waiting } from "../../parts/technician/lines.js";
import { API, facts, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions, guard } = page(root, app, "printers");
  let stop = () => {};
  actions.append(button({ label: w("printers.edit"), icon: "wrench", test: "printers-edit",
    press: () => app.go("service/settings/printers?from=service/printers") }));

  function card(printer) {
    const result = h("div", { "data-test": `result-${printer.name}`, "aria-live": "polite" });
    const test = (film) => guard(async () => {
      const { job } = await app.api.post(`${API}/printers/test`, { name: printer.name, film });
      stop();
      fill(result, waiting());
      stop = followJob(job, { draw: (lines, done) => fill(result, lineList(lines), !done && waiting()), failed: app.problem });
    });
    return h("article", { class: "tech-card tech-wide" }, h("h2", { dir: "auto" }, printer.name),
      h("div", { "data-test": `state-${printer.name}` }, conditionBadge(printer.health), reasons(printer.health),
        h("p", { class: "quiet" }, said(printer.health))),
      facts([[w("sources.kind"), printer.kind], [w("sources.profile"), printer.profile]]),
      h("div", { class: "row" },
        button({ label: w("printers.test"), icon: "play", kind: "primary", test: `test-${printer.name}`, press: () => test(false) }),
        holdButton({ label: w("printers.film"), icon: "printer", kind: "plain", test: `film-${printer.name}`, done: () => test(true) })),
      result);
  }

  await load(body, async () => {
    const { printers } = await app.api.get(`${API}/printers`);
    fill(body, printers.length === 0 && note(w("printers.none")), h("div", { class: "tech-cards" }, printers.map(card)));
  });
  return () => stop();
}
