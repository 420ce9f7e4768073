/** What runs here. */

import { fill } from "../../core/dom.js";
import { API, facts, load, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body } = page(root, app, "about");
  await load(body, async () => {
    const told = await app.api.get(`${API}/about`);
    fill(body, facts([[w("about.version"), told.software_version], [w("about.slot"), told.slot], [w("about.machine"), told.machine],
      [w("about.kernel"), told.kernel], ["Python", told.python]]));
  });
  return () => {};
}
