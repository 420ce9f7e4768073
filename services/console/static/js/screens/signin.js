/** Who stands here: a name is picked, a PIN is typed. The first technician enters themselves. */

import { fill, h } from "../core/dom.js";
import { button } from "../parts/button.js";
import { field } from "../parts/field.js";
import { askPin } from "../parts/pin.js";
import { problemPanel } from "../parts/problem.js";

export async function show(root, params, app) {
  app.frame({ title: app.t("signin.title") });
  const facts = await app.api.get("/api/session");
  const place = h("div", { class: "page" });
  root.append(place);
  if (facts.first) first();
  else people();

  function people() {
    const names = facts.names.map((name) =>
      button({ label: name, icon: "person", test: `signin-${name}`, press: () => withPin(name) }));
    const beginning = facts.names.length ? null : h("p", { class: "quiet" }, app.t("signin.nobody"));
    fill(place,
      params.role && h("p", { class: "section" }, app.t("signin.needed", { role: app.t(`core.role.${params.role}`) })),
      h("p", { class: "section" }, app.t("signin.who")),
      beginning,
      app.facts.kiosk ? h("div", { class: "choices" }, names) : byName());
  }

  function byName() {
    const name = field({ label: app.t("signin.name"), test: "signin-name", longest: 64, change: () => {} });
    return h("div", { class: "choices" }, name,
      button({ label: app.t("signin.next"), icon: "forward", kind: "primary", test: "signin-next",
        press: () => { if (name.value.trim()) withPin(name.value.trim()); } }));
  }

  async function withPin(name) {
    const pin = await askPin({ label: app.t("signin.pin", { name }), test: "signin-pin" });
    if (pin === null) return;
    await enter("/api/session/sign-in", { name, pin }, people);
  }

  function first() {
    const name = field({ label: app.t("signin.name"), test: "first-name", longest: 64, change: () => {} });
    fill(place,
      h("h2", {}, app.t("signin.first.title")),
      h("p", { class: "section" }, app.t("signin.first.text")),
      h("div", { class: "choices" }, name,
        button({ label: app.t("signin.first.choose"), icon: "lock", kind: "primary", test: "first-pin", press: choose })));

    async function choose() {
      const said = (name.value || "").trim();
      if (!said) return app.toast("caution", app.t("signin.first.no_name"));
      const pin = await askPin({ label: app.t("signin.first.pin"), test: "first-pin-1" });
      if (pin === null) return undefined;
      const again = await askPin({ label: app.t("signin.first.again"), test: "first-pin-2" });
      if (again === null) return undefined;
      if (again !== pin) return app.toast("bad", app.t("signin.first.differ"));
      return enter("/api/session/first", { name: said, pin }, first);
    }
  }

  async function enter(path, body, retry) {
    try {
      const session = await app.api.post(path, body);
      app.toast("good", app.t("signin.welcome", { name: session.person, role: app.t(`core.role.${session.role}`) }));
      location.replace(`#/${params.to || "worklist"}`);
      await app.reload();
    } catch (error) {
      fill(place, problemPanel(error),
        button({ label: app.t("core.back"), icon: "back", test: "signin-again", press: retry }));
    }
  }

  return () => {};
}
