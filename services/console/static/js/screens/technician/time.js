/** The clock, what it follows, and setting it where nothing does. */

import { fill, h } from "../../core/dom.js";
import { date, number } from "../../core/i18n.js";
import { badge } from "../../parts/badge.js";
import { field } from "../../parts/field.js";
import { holdButton } from "../../parts/hold-button.js";
import { API, facts, load, note, page, w } from "./page.js";

const MARKS = { synchronised: "done", lost: "held", never: "failed" };

export async function show(root, params, app) {
  const { body, guard } = page(root, app, "time");

  function draw(state) {
    fill(body, badge(MARKS[state.trust] || "held", w(`time.${state.trust}`)),
      facts([[w("time.now"), `${date(state.now.slice(0, 10))} ${state.now.slice(11, 19)}`], [w("time.zone"), state.timezone],
        [w("time.source"), state.source],
        [w("time.offset"), state.offset_ms === null ? "" : `${number(state.offset_ms, { maximumFractionDigits: 1 })} ms`]]),
      note(w("time.why")),
      state.settable ? note(w("time.not_settable", { said: state.settable }), "caution") : setting(state));
  }

  function setting(state) {
    const wanted = { day: state.now.slice(0, 10).replaceAll("-", ""), time: state.now.slice(11, 16).replace(":", "") };
    const moment = () => `${wanted.day.slice(0, 4)}-${wanted.day.slice(4, 6)}-${wanted.day.slice(6)} ${wanted.time.slice(0, 2)}:${wanted.time.slice(2)}`;
    return h("div", { class: "tech-form" },
      field({ label: w("time.day"), test: "time-day", kind: "date", value: wanted.day, change: (text) => { wanted.day = text; } }),
      field({ label: w("time.hhmm"), test: "time-hhmm", kind: "number", value: wanted.time, longest: 4, change: (text) => { wanted.time = text.padStart(4, "0"); } }),
      holdButton({ label: w("time.set"), icon: "clock", test: "time-set",
        done: () => guard(async () => draw(await app.api.post(`${API}/clock/set`, { moment: moment() }))) }));
  }

  await load(body, async () => draw(await app.api.get(`${API}/clock`)));
  return () => {};
}
