/** The configuration as a file: export, import, its history, and the way back. */

import { fill, h } from "../../core/dom.js";
import { date, t } from "../../core/i18n.js";
import { button } from "../../parts/button.js";
import { openDialog } from "../../parts/dialog.js";
import { holdButton } from "../../parts/hold-button.js";
import { diffList, faultList, proposeChange } from "../../parts/technician/proposal.js";
import { API, facts, load, note, page, w } from "./page.js";

const SECTIONS_MOST = 60 * 1024;

export async function show(root, params, app) {
  const { body, guard } = page(root, app, "configuration");
  const again = () => load(body, draw);

  async function draw() {
    const [standing, { versions }, { sections }] = await Promise.all(["configuration", "configuration/history", "form"].map((path) => app.api.get(`${API}/${path}`)));
    const picker = h("input", { type: "file", class: "unseen", accept: ".toml,text/plain", "aria-label": w("config.import"), "data-test": "config-file", tabindex: "-1",
      on: { change: () => picker.files[0] && read(picker.files[0]) } });
    fill(body, facts([[w("config.file"), standing.file || "–"]]),
      standing.writable && note(standing.writable, "caution"), standing.pending && note(w("config.pending"), "caution"),
      standing.warnings.map((each) => note(each, "caution")),
      h("div", { class: "row" },
        h("a", { class: "button", href: `${API}/configuration/export`, download: "gantry.toml", "data-test": "config-export" }, w("config.export")),
        picker, button({ label: w("config.import"), icon: "down", test: "config-import", disabled: Boolean(standing.writable), press: () => picker.click() })),
      h("h2", {}, w("config.sections")),
      h("div", { class: "tiles" }, sections.map((each) => button({ label: each.section, icon: "gear", test: `section-${each.section}`,
        press: () => app.go(`service/settings/${each.section}?from=service/configuration`) }))),
      h("h2", {}, w("config.history")), versions.length === 0 && note(w("config.no_history")),
      h("ul", { class: "tech-lines" }, versions.map(row)));
  }

  function row(version) {
    return h("li", { class: "tech-line", "data-test": `version-${version.number}` },
      h("b", {}, `${version.number} · ${date(version.at, "both")}`), h("span", {}, version.by || w("config.by_hand")),
      h("span", { class: "grow", dir: "auto" }, version.what),
      version.current ? h("span", { class: "tone-good" }, w("config.current"))
        : button({ label: w("config.see"), icon: "eye", test: `see-${version.number}`, press: () => see(version) }));
  }

  async function see(version) {
    const told = await guard(() => app.api.get(`${API}/configuration/history/${version.number}`));
    if (!told) return;
    const sheet = openDialog({ title: `${version.number} · ${date(version.at, "both")}`, test: "tech-version", content: diffList(told.diff), actions: [
      button({ label: t("core.cancel"), icon: "close", test: "version-no", press: () => sheet.close() }),
      holdButton({ label: w("config.roll_back"), icon: "undo", kind: "danger", test: "version-yes", done: () => back(version, sheet) })] });
  }

  async function back(version, sheet) {
    const told = await guard(() => app.api.post(`${API}/configuration/roll-back`, { number: version.number }));
    sheet.close();
    if (!told) return;
    if (told.sound) app.toast("good", w("config.saved"));
    else openDialog({ title: w("config.faulty"), test: "tech-faulty", kind: "warning", content: faultList(told.faults) });
    await again();
  }

  async function read(file) {
    if (file.size > SECTIONS_MOST) {
      app.toast("bad", w("config.large"));
      return;
    }
    await proposeChange(app, { text: await file.text() }, () => again());
  }

  await again();
  return () => {};
}
