/** The technician's screens as large tiles. */

import { h } from "../../core/dom.js";
import { button } from "../../parts/button.js";
import { page, w } from "./page.js";

/** Tools in the order in which a box is set up; those with `settings/` draw a form. */
const TOOLS = [
  ["settings/station", "station", "info"],
  ["network", "network", "globe"],
  ["time", "time", "clock"],
  ["peers", "peers", "cloud"],
  ["sources", "sources", "camera"],
  ["settings/protocols", "protocols", "list"],
  ["hands", "hands", "hand"],
  ["scanner", "scanner", "scan"],
  ["printers", "printers", "printer"],
  ["storage", "storage", "disk"],
  ["settings/console", "console", "eye"],
  ["configuration", "configuration", "gear"],
  ["self-test", "self-test", "check"],
  ["logs", "logs", "exams"],
  ["audit", "audit", "person"],
  ["support", "support", "send"],
  ["about", "about", "question"],
];

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "index", { back: "menu" });
  actions.append(h("p", { class: "quiet grow" }, w("index.hint")));
  let sections = null;
  try {
    const { sections: found } = await app.api.get("/api/technician/form");
    sections = new Set(found.map((each) => each.section));
  } catch (error) {
    app.problem(error);
  }
  const there = TOOLS.filter(([route]) => !route.startsWith("settings/") || !sections || sections.has(route.slice(9)));
  body.append(h("div", { class: "tiles" }, there.map(([route, name, picture]) =>
    button({ label: w(`tool.${name}`), icon: picture, test: `tool-${name}`, press: () => app.go(`service/${route}`) }))));
  return () => {};
}
