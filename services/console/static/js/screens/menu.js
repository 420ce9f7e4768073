/** Everything that is not needed for every exam. */

import { h } from "../core/dom.js";
import { plural } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { SCREENS } from "./index.js";

const ENTRIES = [
  ["queue", "send", "operator"],
  ["films", "printer", "operator"],
  ["resume", "person", "operator"],
  ["settings", "sun", "operator"],
  ["help", "question", "nobody"],
  ["service", "wrench", "technician"],
  ["people", "lock", "technician"],
  ["about", "info", "nobody"],
];

export async function show(root, params, app) {
  app.frame({ title: app.t("core.nav.menu") });
  const known = ENTRIES.filter(([name]) => SCREENS[name]);
  // pictures that wait for somebody are told where the way to them is
  const waiting = app.role === "nobody" ? 0 : (await app.api.get("/api/films/waiting")).pictures;
  const label = (name) => (name === "films" && waiting ? plural("print.arrived", waiting) : app.t(`core.menu.${name}`));
  const places = known.map(([name, picture]) =>
    button({ label: label(name), icon: name === "films" && waiting ? "warning" : picture, test: `menu-${name}`, press: () => app.go(name) }));
  root.append(h("div", { class: "tiles" }, places, session(app)));
  return () => {};
}

function session(app) {
  if (!app.person) {
    return button({ label: app.t("core.menu.signin"), icon: "person", test: "menu-signin", press: () => app.go("signin") });
  }
  return button({
    label: app.t("signin.out", { name: app.person }), icon: "sign_out", test: "menu-signout",
    press: async () => {
      await app.api.post("/api/session/sign-out");
      app.toast("good", app.t("signin.signed_out"));
      await app.reload();
    },
  });
}
