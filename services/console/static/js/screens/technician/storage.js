/** How full the box is, of what, and how long things stay. */

import { fill, h } from "../../core/dom.js";
import { date, number } from "../../core/i18n.js";
import { button } from "../../parts/button.js";
import { progress } from "../../parts/progress.js";
import { API, bytes, facts, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "storage");
  actions.append(button({ label: w("storage.edit"), icon: "wrench", test: "storage-edit", press: () => app.go("service/settings/retention?from=service/storage") }));
  await load(body, async () => {
    const state = await app.api.get(`${API}/storage`);
    fill(body,
      progress({ label: w("storage.used"), value: Math.round(state.percent), total: 100, test: "storage-used" }),
      facts([[w("storage.free"), bytes(state.free, number)], [w("storage.mark"), `${number(state.high_water_percent)} %`],
        [w("storage.exams"), number(state.exams)], [w("storage.images"), `${number(state.images)} (${bytes(state.image_bytes, number)})`],
        [w("storage.oldest"), date(state.oldest)], [w("storage.left"), state.exams_left === null ? "–" : number(state.exams_left)],
        [w("storage.keep"), number(state.keep_days)]]),
      h("h2", {}, w("storage.owed")), facts(Object.entries(state.owed).map(([peer, count]) => [peer, number(count)])),
      note(w("storage.never")));
  });
  return () => {};
}
