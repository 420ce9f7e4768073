/** Black and white from a grey ramp that the console shows. */

import { fill, h } from "../../core/dom.js";
import { button } from "../../parts/button.js";
import { proposeChange } from "../../parts/technician/proposal.js";
import { makeWizard } from "../../parts/technician/wizard.js";
import { API, facts, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, guard } = page(root, app, "range", { back: "service/sources" });
  let points = [];
  let frozen = null;
  let panel = null;

  function region() {
    if (points.length < 2) return [];
    const [[a, b], [c, d]] = points;
    const left = Math.round(Math.min(a, c));
    const top = Math.round(Math.min(b, d));
    return [left, top, Math.round(Math.max(a, c)) - left + 1, Math.round(Math.max(b, d)) - top + 1];
  }

  function draw() {
    if (!panel) return;
    const result = h("div", { "aria-live": "polite", "data-test": "range-result" });
    fill(panel, note(points.length === 2 ? w("range.part") : w("range.whole")),
      button({ label: w("range.measure"), icon: "search", kind: "primary", test: "range-measure", press: () => measure(result) }),
      result);
  }

  async function measure(result) {
    const told = await guard(() => app.api.post(`${API}/sources/range`, { picture: frozen.number, region: region() }));
    if (!told) return;
    fill(result, facts([[w("range.black"), told.black], [w("range.white"), told.white]]),
      told.findings.map((each) => h("p", { class: "tone-caution", lang: "en" }, each)),
      note(told.sound ? w("range.sound") : w("range.unsound"), told.sound ? "good" : "bad"),
      told.edits.length > 0 && button({ label: w("range.use"), icon: "check", test: "range-use",
        press: () => proposeChange(app, { edits: told.edits }) }));
  }

  await makeWizard(app, { source: params.name, body, guard, most: 2, hint: w("range.hint"),
    change: (next) => { points = next.map((point) => [...point]); draw(); },
    drawn: (_, taken, place) => { frozen = taken; panel = place; points = []; draw(); } });
  return () => {};
}
