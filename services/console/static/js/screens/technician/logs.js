/** The newest lines of the box's own services. */

import { fill, h } from "../../core/dom.js";
import { button } from "../../parts/button.js";
import { field } from "../../parts/field.js";
import { API, choice, load, note, page, w } from "./page.js";

const LEVELS = ["INFO", "WARNING", "ERROR"];
const MOST = 300;

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "logs");
  const wanted = { level: "WARNING", words: "" };
  const lines = h("div", { "data-test": "log-lines" });
  const refresh = () => load(lines, async () => {
    const asked = new URLSearchParams({ ...wanted, limit: String(MOST) });
    const told = await app.api.get(`${API}/logs?${asked}`);
    fill(lines, told.lines.length === 0 ? note(w("logs.none")) : h("ul", { class: "tech-lines" }, told.lines.map((line) =>
      h("li", { class: "tech-line tech-log", dir: "ltr", lang: "en" }, h("b", {}, `${line.at} ${line.level}`), h("span", {}, line.service), h("span", { class: "grow" }, line.words)))));
  });
  actions.append(button({ label: w("refresh"), icon: "resend", test: "logs-refresh", press: refresh }));
  fill(body, choice({ label: w("logs.level"), value: wanted.level, test: "logs", options: LEVELS.map((level) => [level, level]),
    pick: (level) => { wanted.level = level; refresh(); } }),
  field({ label: w("logs.words"), test: "logs-words", value: "", longest: 64, change: (text) => { wanted.words = text; refresh(); } }), lines);
  await refresh();
  return () => {};
}
