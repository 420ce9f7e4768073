/** The list that is gone through at the beginning of a shift. */

import { fill } from "../../core/dom.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { lineList } from "../../parts/technician/lines.js";
import { API, load, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "self-test");
  const run = () => load(body, async () => {
    const { lines } = await app.api.get(`${API}/self-test`);
    const good = lines.every((line) => line.ok);
    fill(body, badge(good ? "done" : "failed", good ? w("self.good") : w("self.bad")), lineList(lines));
  });
  actions.append(button({ label: w("self.again"), icon: "resend", test: "self-again", press: run }));
  await run();
  return () => {};
}
