/** Everything that is not needed for every exam. */

import { h } from "../core/dom.js";
import { button } from "../parts/button.js";

const ENTRIES = [];

export async function show(root, params, app) {
  app.frame({ title: app.t("core.nav.menu") });
  root.append(h("div", { class: "tiles" }, ENTRIES.map(([name, picture]) =>
    button({ label: app.t(`core.menu.${name}`), icon: picture, test: `menu-${name}`, press: () => app.go(name) }))));
  return () => {};
}
