/** How the box is connected; a change undoes itself unless it is confirmed. */

import { fill, h } from "../../core/dom.js";
import { handsOff } from "../../core/hands.js";
import { number } from "../../core/i18n.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { field } from "../../parts/field.js";
import { holdButton } from "../../parts/hold-button.js";
import { API, choice, facts, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, guard } = page(root, app, "network");
  let timer = 0;
  let left = false;
  const again = () => load(body, async () => draw(await app.api.get(`${API}/network`)));

  function draw(state) {
    if (left) return;
    clearInterval(timer);
    fill(body, state.seconds_to_roll_back !== null && pending(state),
      h("div", { class: "tech-cards" }, state.interfaces.map((each) => card(each, state))),
      facts([[w("network.gateway"), state.gateways.join(", ")], [w("network.dns"), state.dns.join(", ")]]),
      state.settable && note(w("network.not_settable", { said: state.settable }), "caution"));
  }

  function card(each, state) {
    return h("article", { class: "tech-card" }, h("h2", { dir: "ltr" }, each.name),
      badge(each.link ? "online" : "offline", each.link ? w("network.link") : w("network.no_link")),
      facts([[w("network.address"), each.addresses.join(", ") || "–"], [w("network.method"), each.method],
        [w("network.speed"), each.speed_mbit && `${number(each.speed_mbit)} Mbit/s`],
        [w("network.vlan"), each.vlan], ["MAC", each.mac]]),
      button({ label: w("network.change"), icon: "wrench", test: `network-${each.name}`, disabled: Boolean(state.settable),
        press: () => edit(each, state) }));
  }

  function pending(state) {
    let seconds = Math.ceil(state.seconds_to_roll_back);
    const clock = h("b", { role: "timer", "data-test": "network-left" }, String(seconds));
    timer = setInterval(async () => {
      seconds -= 1;
      clock.textContent = String(Math.max(0, seconds));
      if (seconds >= 0) return;
      clearInterval(timer);
      await handsOff();
      if (!left) again();
    }, 1000);
    const act = (path) => guard(async () => draw(await app.api.post(`${API}/network/${path}`)));
    return h("section", { class: "tech-card tone-caution", role: "alert" }, h("p", {}, w("network.confirm"), " ", clock, " s"),
      h("div", { class: "row" },
        button({ label: w("network.undo"), icon: "undo", test: "network-undo", press: () => act("undo") }),
        button({ label: w("network.keep"), icon: "check", kind: "primary", test: "network-keep", press: () => act("confirm") })));
  }

  function edit(each, state) {
    const wanted = { interface: each.name.split(".")[0], method: each.method === "static" ? "static" : "dhcp",
      address: each.addresses[0] || "", gateway: state.gateways[0] || "", dns: state.dns, vlan: each.vlan || 0 };
    const place = h("div", { class: "tech-form" });
    const drawFields = () => fill(place,
      choice({ label: w("network.method"), value: wanted.method, test: "network-method",
        options: [["dhcp", "DHCP"], ["static", w("network.static")]], pick: (method) => { wanted.method = method; drawFields(); } }),
      wanted.method === "static" && [["address", w("network.address")], ["gateway", w("network.gateway")]].map(([key, label]) =>
        field({ label, test: `network-${key}`, value: wanted[key], longest: 18, language: "en", change: (text) => { wanted[key] = text; } })),
      wanted.method === "static" && field({ label: w("network.dns"), test: "network-dns", value: wanted.dns.join(", "), longest: 64, language: "en",
        change: (text) => { wanted.dns = text.split(",").map((part) => part.trim()).filter(Boolean); } }),
      field({ label: w("network.vlan"), test: "network-vlan", kind: "number", value: String(wanted.vlan), longest: 4,
        change: (text) => { wanted.vlan = Number(text) || 0; } }));
    drawFields();
    fill(body, h("h2", { dir: "ltr" }, each.name), place, note(w("network.sixty")), h("div", { class: "row" },
      button({ label: w("cancel"), icon: "close", test: "network-cancel", press: again }),
      holdButton({ label: w("network.apply"), icon: "check", test: "network-apply",
        done: () => guard(async () => draw(await app.api.post(`${API}/network/change`, wanted))) })));
  }

  await again();
  return () => {
    left = true;
    clearInterval(timer);
  };
}
