/** Who may sign in: for a technician. */

import { fill, h } from "../core/dom.js";
import { date } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { openDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { askPin } from "../parts/pin.js";

const ROLES = ["operator", "supervisor", "technician"];

export async function show(root, params, app) {
  app.frame({ title: app.t("people.title") });
  const place = h("div", { class: "page" });
  root.append(place);
  await draw();

  async function draw() {
    const people = await app.api.get("/api/people");
    fill(place,
      button({ label: app.t("people.add"), icon: "plus", kind: "primary", test: "people-add", press: add }),
      h("ul", { class: "plain-list" }, people.map(row)));
  }

  function row(person) {
    return h("li", { class: "row section", "data-test": `person-${person.name}` },
      h("div", { class: "grow" }, h("strong", { dir: "auto" }, person.name),
        h("div", { class: "quiet" }, app.t(`core.role.${person.role}`), " · ", date(person.made))),
      button({ label: app.t("people.pin"), icon: "lock", test: `person-pin-${person.name}`, press: () => pin(person) }),
      button({ label: app.t("people.remove"), icon: "bin", test: `person-remove-${person.name}`, press: () => remove(person) }));
  }

  function add() {
    let role = "operator";
    const name = field({ label: app.t("signin.name"), test: "person-name", longest: 64, change: () => {} });
    const roles = h("div", { class: "choices" });
    const choose = (chosen) => {
      role = chosen;
      fill(roles, ROLES.map((each) => button({ label: app.t(`core.role.${each}`), test: `person-role-${each}`,
        pressed: each === role, press: () => choose(each) })));
    };
    choose(role);
    const sheet = openDialog({
      title: app.t("people.add"), content: [name, roles], test: "person-sheet",
      actions: [button({ label: app.t("people.choose_pin"), icon: "lock", kind: "primary", test: "person-next",
        press: async () => {
          const said = (name.value || "").trim();
          if (!said) return app.toast("caution", app.t("signin.first.no_name"));
          const chosen = await newPin();
          if (chosen === null) return undefined;
          sheet.close();
          return act("/api/people/add", { name: said, role, pin: chosen });
        } })],
    });
  }

  async function newPin() {
    const pin = await askPin({ label: app.t("signin.first.pin"), test: "person-pin-1" });
    if (pin === null) return null;
    const again = await askPin({ label: app.t("signin.first.again"), test: "person-pin-2" });
    if (again !== null && again !== pin) app.toast("bad", app.t("signin.first.differ"));
    return again === pin ? pin : null;
  }

  async function pin(person) {
    const chosen = await newPin();
    if (chosen !== null) await act("/api/people/pin", { name: person.name, pin: chosen });
  }

  async function remove(person) {
    const sure = await app.confirmHold({ title: app.t("people.remove"), text: app.t("people.remove_text", { name: person.name }),
      label: app.t("people.remove"), icon: "bin", test: "person-remove-sure" });
    if (sure) await act("/api/people/remove", { name: person.name });
  }

  async function act(path, body) {
    try {
      await app.api.post(path, body);
      app.toast("good", app.t("people.done"));
      await draw();
    } catch (error) {
      app.problem(error);
    }
  }

  return () => {};
}
