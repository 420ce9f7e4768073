/** Who did what, newest first. */

import { fill, h } from "../../core/dom.js";
import { date } from "../../core/i18n.js";
import { load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body } = page(root, app, "audit");
  await load(body, async () => {
    const events = await app.api.get("/api/audit");
    fill(body, events.length === 0 && note(w("audit.none")), h("ul", { class: "tech-lines", "data-test": "audit-lines" }, events.map((event) =>
      h("li", { class: "tech-line" }, h("b", {}, date(event.at, "both")), h("span", { dir: "auto" }, `${event.who || "–"} (${event.role})`),
        h("span", { lang: "en" }, `${event.action}: ${event.outcome}`), h("span", { class: "quiet", dir: "auto" }, [event.exam, event.detail].filter(Boolean).join(" · "))))));
  });
  return () => {};
}
