/** Pedals and scanners: press it now, name it, say what it does. */

import { fill, h } from "../../core/dom.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { field } from "../../parts/field.js";
import { followJob } from "../../parts/technician/lines.js";
import { proposeChange } from "../../parts/technician/proposal.js";
import { API, choice, load, note, page, w } from "./page.js";

const ACTIONS = ["", "capture", "record", "record_start", "record_stop", "next_protocol", "complete"];
const GESTURES = ["on_short", "on_long", "on_double", "on_press", "on_release", "on_hold"];

export async function show(root, params, app) {
  const { body, actions, guard } = page(root, app, "hands");
  let stop = () => {};
  actions.append(
    button({ label: w("hands.pair"), icon: "hand", kind: "primary", test: "hands-pair", press: pair }),
    button({ label: w("hands.edit"), icon: "wrench", test: "hands-edit", press: () => app.go("service/settings/triggers?from=service/hands") }));
  const list = () => load(body, async () => draw(await app.api.get(`${API}/hands`)));

  function draw({ devices }) {
    fill(body, note(w("hands.hint")), h("ul", { class: "tech-lines" }, devices.map((each) => h("li", { class: "tech-line" },
      badge(each.trigger ? "done" : "waiting", each.trigger ? `${each.trigger} (${each.kind})` : w("hands.free")),
      h("b", { dir: "auto" }, each.name), h("span", { dir: "ltr" }, each.identity)))), devices.length === 0 && note(w("hands.none")));
  }

  async function pair() {
    const begun = await guard(() => app.api.post(`${API}/hands/pair`, {}));
    if (!begun) return;
    stop();
    const left = h("b", { role: "timer" }, String(begun.seconds));
    fill(body, h("div", { class: "tech-big", role: "alert", "data-test": "hands-now" }, h("h2", {}, w("hands.now")), h("p", {}, left, " s")));
    const begin = performance.now();
    const clock = setInterval(() => {
      left.textContent = String(Math.max(0, Math.ceil(begun.seconds - (performance.now() - begin) / 1000)));
    }, 500);
    const unfollow = followJob(begun.job, { draw: () => {}, failed: app.problem, done: (lines) => {
      clearInterval(clock);
      const last = lines[lines.length - 1];
      if (last.ok && last.done) name(last.said);
      else fill(body, note(last.said, "bad"), note(last.advice));
    } });
    stop = () => {
      clearInterval(clock);
      unfollow();
    };
  }

  function name(identity) {
    const wanted = { name: w("hands.pedal"), kind: "hid-pedal", device: identity, on_short: "capture" };
    const place = h("div", { class: "tech-form" });
    const drawForm = () => fill(place,
      h("p", { dir: "ltr" }, identity),
      choice({ label: w("hands.kind"), value: wanted.kind, test: "hands-kind", options: [["hid-pedal", w("hands.pedal")], ["scanner", w("hands.scanner")]],
        pick: (kind) => { wanted.kind = kind; drawForm(); } }),
      field({ label: w("hands.name"), test: "hands-name", value: wanted.name, longest: 64, change: (text) => { wanted.name = text; } }),
      wanted.kind === "hid-pedal" && GESTURES.map((gesture) => h("div", {}, h("h2", {}, w(`hands.${gesture}`)),
        choice({ label: w(`hands.${gesture}`), value: wanted[gesture] || "", test: `hands-${gesture}`,
          options: ACTIONS.map((action) => [action, w(`hands.do_${action || "nothing"}`)]), pick: (action) => { wanted[gesture] = action; } }))));
    drawForm();
    fill(body, place, button({ label: w("settings.review"), icon: "check", kind: "primary", test: "hands-save", press: () => {
      const kept = Object.entries(wanted).filter(([key, value]) => value !== "" && (wanted.kind === "hid-pedal" || !key.startsWith("on_")));
      proposeChange(app, { edits: [{ do: "add", path: ["triggers"], value: Object.fromEntries(kept) }] }, (saved) => saved && list());
    } }));
  }

  await list();
  return () => stop();
}
