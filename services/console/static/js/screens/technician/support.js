/** Everything that helps whoever is asked for help, and nobody's name. */

import { fill, h } from "../../core/dom.js";
import { number } from "../../core/i18n.js";
import { button } from "../../parts/button.js";
import { API, bytes, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions, guard } = page(root, app, "support");
  const look = () => load(body, async () => draw(await app.api.get(`${API}/support`)));
  actions.append(button({ label: w("refresh"), icon: "resend", test: "support-refresh", press: look }));

  function draw({ sticks }) {
    fill(body, note(w("support.what")),
      h("div", { class: "row" }, h("a", { class: "button", href: `${API}/support/bundle`, download: "", "data-test": "support-download" }, w("support.download"))),
      h("h2", {}, w("support.stick")), sticks.length === 0 && note(w("support.no_stick")),
      h("div", { class: "tiles" }, sticks.map((stick) => button({ label: `${stick.name} (${bytes(stick.free, number)})`, icon: "disk", test: `stick-${stick.name}`,
        press: () => write(stick) }))));
  }

  async function write(stick) {
    const told = await guard(() => app.api.post(`${API}/support/stick`, { stick: stick.path }));
    if (told) app.toast("good", w("support.written", { file: told.file }));
  }

  await look();
  return () => {};
}
