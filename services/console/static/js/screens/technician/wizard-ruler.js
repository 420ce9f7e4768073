/** Millimetres from the scale in the picture: two ends and a length, then the same across. */

import { fill, h } from "../../core/dom.js";
import { number } from "../../core/i18n.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { field } from "../../parts/field.js";
import { holdButton } from "../../parts/hold-button.js";
import { makeWizard } from "../../parts/technician/wizard.js";
import { API, facts, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, guard } = page(root, app, "ruler", { back: "service/sources" });
  const wanted = { length: "", across: "", zoom: "" };
  let points = [];
  let frozen = null;
  let panel = null;

  const measure = (keep) => ({
    picture: frozen.number, start: points[0], end: points[1], length_mm: wanted.length, zoom: wanted.zoom, keep,
    across: points.length === 4 ? { start: points[2], end: points[3], length_mm: wanted.across || wanted.length } : null,
  });

  function draw() {
    if (!panel) return;
    const ready = points.length === 2 || points.length === 4;
    const result = h("div", { "aria-live": "polite", "data-test": "ruler-result" });
    fill(panel,
      field({ label: w("ruler.length"), test: "ruler-length", kind: "number", decimals: true, value: wanted.length, change: (text) => { wanted.length = text; } }),
      points.length === 4 && field({ label: w("ruler.across"), test: "ruler-across", kind: "number", decimals: true, value: wanted.across, change: (text) => { wanted.across = text; } }),
      field({ label: w("ruler.zoom"), test: "ruler-zoom", value: wanted.zoom, longest: 32, change: (text) => { wanted.zoom = text; } }),
      button({ label: w("ruler.measure"), icon: "search", kind: "primary", test: "ruler-measure", disabled: !ready, press: () => tell(result) }),
      result);
  }

  async function tell(result) {
    const told = await guard(() => app.api.post(`${API}/sources/ruler`, measure(false)));
    if (!told) return;
    const mm = (value) => `${number(value, { maximumFractionDigits: 4 })} mm`;
    fill(result,
      facts([[w("ruler.down"), mm(told.pixel_spacing[0])], [w("ruler.right"), mm(told.pixel_spacing[1])]]),
      told.square === null ? note(w("ruler.unchecked"), "caution")
        : badge(told.square ? "done" : "failed", w("ruler.deviation", { percent: number(told.deviation_percent, { maximumFractionDigits: 1 }) })),
      holdButton({ label: w("ruler.keep"), icon: "check", test: "ruler-keep", done: () => keep(result) }));
  }

  async function keep(result) {
    const told = await guard(() => app.api.post(`${API}/sources/ruler`, measure(true)));
    if (!told) return;
    fill(result, note(w("ruler.kept", { number: told.kept }), "good"));
    app.toast("good", w("ruler.kept", { number: told.kept }));
  }

  await makeWizard(app, { source: params.name, body, guard, most: 4, hint: w("ruler.hint"),
    change: (next) => {
      const drawAnew = next.length !== points.length;
      points = next.map((point) => [...point]);
      if (drawAnew) draw();
    },
    drawn: (_, taken, place) => { frozen = taken; panel = place; points = []; draw(); } });
  return () => {};
}
