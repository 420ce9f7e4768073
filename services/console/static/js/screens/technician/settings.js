/** A section of the configuration: entries where it is repeated, then every key of one. */

import { fill, h } from "../../core/dom.js";
import { button } from "../../parts/button.js";
import { tableForm } from "../../parts/technician/form.js";
import { proposeChange } from "../../parts/technician/proposal.js";
import { API, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions } = page(root, app, "settings", { sticky: true, title: params.name, back: params.from || "service" });
  let form = null;
  let standing = null;
  let open = params.entry === undefined ? null : Number(params.entry);

  await load(body, async () => {
    [form, standing] = await Promise.all([app.api.get(`${API}/form`), app.api.get(`${API}/configuration`)]);
    draw();
  });

  function names(section) {
    const own = (standing.values[section] || []).map((each) => each.name).filter(Boolean);
    return ["", ...own];
  }

  function draw() {
    const section = form.sections.find((each) => each.section === params.name);
    if (!section) {
      fill(body, note(w("settings.none")));
      return;
    }
    while (actions.children.length > 1) actions.lastChild.remove();
    if (section.repeated && open === null) drawEntries(section);
    else drawTable(section);
  }

  function drawEntries(section) {
    const entries = standing.values[section.section] || [];
    actions.append(button({ label: w("settings.add"), icon: "plus", test: "entry-add", disabled: Boolean(standing.writable),
      press: () => { open = entries.length; draw(); } }));
    fill(body, heading(section), entries.length === 0 && note(w("settings.empty")),
      h("div", { class: "tiles" }, entries.map((entry, index) =>
        button({ label: entry.name || entry.gives || String(index + 1), icon: "forward", test: `entry-${index}`,
          press: () => { open = index; draw(); } }))));
  }

  function drawTable(section) {
    const entries = standing.values[section.section];
    const isNew = section.repeated && open >= (entries || []).length;
    const values = (section.repeated ? (entries || [])[open] : entries) || {};
    const changes = new Map();
    const path = section.repeated ? [section.section, open] : [section.section];
    const edits = () => {
      if (isNew) return [{ do: "add", path: [section.section], value: Object.fromEntries([...changes].filter(([, value]) => value !== undefined)) }];
      return [...changes].map(([key, value]) => value === undefined
        ? { do: "unset", path: [...path, key] } : { do: "set", path: [...path, key], value });
    };
    const save = button({ label: w("settings.review"), icon: "check", kind: "primary", test: "settings-save", disabled: true,
      press: () => proposeChange(app, { edits: edits() }, (saved) => saved && app.refresh()) });
    const remove = section.repeated && !isNew && button({ label: w("settings.remove"), icon: "bin", kind: "danger", test: "entry-remove",
      disabled: Boolean(standing.writable),
      press: () => proposeChange(app, { edits: [{ do: "remove", path }] }, (saved) => saved && app.refresh()) });
    const others = section.repeated && button({ label: w("settings.entries"), icon: "list", test: "entries",
      press: () => { open = null; draw(); } });
    actions.append(...[others, remove, save].filter(Boolean));
    fill(body, heading(section), tableForm({ section, values, names, change: (key, value) => {
      changes.set(key, value);
      save.disabled = Boolean(standing.writable);
    } }));
  }

  function heading(section) {
    return h("div", {}, h("p", { lang: "en", dir: "auto" }, section.meaning),
      note(w("form.english")),
      standing.writable && note(standing.writable, "caution"),
      standing.pending && note(w("config.pending"), "caution"),
      standing.warnings.map((each) => note(each, "caution")));
  }

  return () => {};
}
