/** Which box this is, and which software runs on it. */

import { h } from "../core/dom.js";

export async function show(root, params, app) {
  app.frame({ title: app.t("core.menu.about") });
  const health = await app.api.get("/health");
  const facts = [
    ["station", app.facts.station],
    ["ae_title", health.station],
    ["version", app.facts.software_version],
    ["person", app.person ? `${app.person} (${app.t(`core.role.${app.role}`)})` : app.t(`core.role.${app.role}`)],
  ];
  root.append(h("div", { class: "page" },
    h("h2", {}, "Gantry"),
    h("dl", { class: "glossary" }, facts.map(([key, value]) => [
      h("dt", {}, app.t(`core.about.${key}`)), h("dd", { "data-test": `about-${key}`, dir: "auto" }, value)])),
    h("p", { class: "section" }, app.t("core.about.device")),
    h("p", { class: "section quiet" }, app.t("core.about.licence"))));
  return () => {};
}
