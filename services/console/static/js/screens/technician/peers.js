/** Whom the box talks to, and trying each of them out. */

import { fill, h } from "../../core/dom.js";
import { badge } from "../../parts/badge.js";
import { button } from "../../parts/button.js";
import { holdButton } from "../../parts/hold-button.js";
import { followJob, lineList, waiting } from "../../parts/technician/lines.js";
import { API, facts, load, note, page, w } from "./page.js";

export async function show(root, params, app) {
  const { body, actions, guard } = page(root, app, "peers");
  let stop = () => {};
  actions.append(button({ label: w("peers.edit"), icon: "wrench", test: "peers-edit", press: () => app.go("service/settings/peers?from=service/peers") }));

  function draw({ peers }) {
    fill(body, peers.length === 0 && note(w("peers.none")), h("div", { class: "tech-cards" }, peers.map(card)));
  }

  function card(peer) {
    const result = h("div", { "data-test": `result-${peer.name}`, "aria-live": "polite" });
    const test = (objects) => guard(async () => {
      const { job } = await app.api.post(`${API}/peers/test`, { name: peer.name, objects });
      stop();
      fill(result, waiting());
      stop = followJob(job, { draw: (lines, done) => fill(result, lineList(lines), !done && waiting()), failed: app.problem });
    });
    const leaves = peer.services.some((service) => service === "store" || service === "mpps");
    return h("article", { class: "tech-card tech-wide" },
      h("div", { class: "row" }, h("h2", { class: "grow", dir: "auto" }, peer.name), (peer.fault || peer.last_contact) && badge(peer.fault ? "offline" : "online")),
      facts([[w("peers.ae"), peer.ae_title], [w("peers.address"), `${peer.host}:${peer.port}${peer.tls ? " TLS" : ""}`],
        [w("peers.services"), peer.services.join(", ")], [w("peers.fault"), peer.fault]]),
      h("div", { class: "row" },
        button({ label: w("peers.test"), icon: "play", kind: "primary", test: `test-${peer.name}`, press: () => test(false) }),
        leaves && holdButton({ label: w("peers.test_objects"), icon: "send", kind: "plain", test: `test-objects-${peer.name}`, done: () => test(true) })),
      result);
  }

  await load(body, async () => draw(await app.api.get(`${API}/peers`)));
  return () => stop();
}
