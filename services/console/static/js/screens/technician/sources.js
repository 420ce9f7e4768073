/** What gives pictures, values and events: what is there, and the live picture of each. */

import { fill, h } from "../../core/dom.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { makePreview } from "../../parts/preview.js";
import { proposeChange } from "../../parts/technician/proposal.js";
import { openDialog } from "../../parts/dialog.js";
import { API, facts, load, note, page, w } from "./page.js";

const GOOD = new Set(["present", "live"]);

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "sources");
  let preview = null;
  let shown = "";
  actions.append(button({ label: w("sources.edit"), icon: "wrench", test: "sources-edit",
    press: () => app.go("service/settings/sources?from=service/sources") }));

  function hide() {
    if (preview) preview.stop();
    preview = null;
    shown = "";
  }

  function draw(told) {
    const configured = told.sources.filter((row) => row.source);
    const others = told.sources.filter((row) => !row.source);
    fill(body, configured.length === 0 && note(w("sources.none")),
      h("div", { class: "tech-cards" }, configured.map((row) => card(row, told))),
      others.length > 0 && h("h2", {}, w("sources.others")),
      h("ul", { class: "tech-lines" }, others.map((row) => h("li", { class: "tech-line" },
        h("b", {}, `${row.kind}: ${row.name || row.identity}`), h("span", { dir: "ltr" }, row.identity)))));
  }

  function card(row, told) {
    const place = h("div", { class: "tech-preview" });
    const look = button({ label: w("sources.live"), icon: "eye", test: `live-${row.source}`, press: () => {
      const again = shown === row.source;
      hide();
      for (const each of body.querySelectorAll(".tech-preview")) fill(each);
      if (again) return;
      shown = row.source;
      preview = makePreview({ source: row.source });
      fill(place, preview.element);
      preview.start();
    } });
    const wizard = (name, picture) => button({ label: w(`tool.${name}`), icon: picture, test: `${name}-${row.source}`,
      press: () => app.go(`service/${name}/${encodeURIComponent(row.source)}`) });
    return h("article", { class: "tech-card tech-wide" },
      h("div", { class: "row" }, h("h2", { class: "grow", dir: "auto" }, row.source), badge(GOOD.has(row.state) ? "live" : "no_signal", row.state)),
      facts([[w("sources.kind"), row.kind], [w("sources.device"), row.name || row.identity], [w("sources.profile"), row.profile],
        [w("sources.detail"), row.detail]]),
      row.pictures && h("div", { class: "row" }, look, wizard("ruler", "plus"), wizard("range", "sun"),
        (row.kind === "video" || row.kind === "simulated") && button({ label: w("sources.choose"), icon: "list", test: `profile-${row.source}`, press: () => choose(row, told) })),
      place);
  }

  /** Give a source another profile. */
  function choose(row, told) {
    const sheet = openDialog({ title: w("sources.choose"), test: "tech-profiles", content: h("div", { class: "tiles" },
      told.profiles.map((profile) => button({ label: profile.name, pressed: profile.name === row.profile, test: `choose-${profile.name}`,
        press: async () => {
          sheet.close();
          const { values } = await app.api.get(`${API}/configuration`);
          const index = (values.sources || []).findIndex((each) => each.name === row.source);
          proposeChange(app, { edits: [{ do: "set", path: ["sources", index, "profile"], value: profile.name }] });
        } }))) });
  }

  await load(body, async () => draw(await app.api.get(`${API}/sources`)));
  return hide;
}
