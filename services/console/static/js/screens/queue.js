/** What is owed to whom: what waits for a person first. */

import { h } from "../core/dom.js";
import { number, plural, t } from "../core/i18n.js";
import { route } from "../core/router.js";
import { button } from "../parts/button.js";
import { outboxLine } from "../parts/exams/lines.js";
import { peerCard } from "../parts/exams/peers.js";
import { follow, section } from "../parts/exams/words.js";

const SIZE = 20;

export async function show(root, params, app) {
  app.frame({ title: t("exams.queue") });
  const held = params.held === "1";
  let page = 0;
  const peers = h("ul", { class: "exams-list peers", "aria-label": t("exams.systems") });
  const list = h("div", {});
  const counts = h("p", { class: "grow", role: "status", "data-test": "queue-counts" });
  const drawPeers = section(peers, (found) => found.map((peer) => peerCard(app, peer, load)));
  const drawLines = section(list, (found) => lines(found, app, load, turn));

  root.append(h("div", { class: "page exams-page" },
    h("div", { class: "row exams-tools" },
      counts,
      button({ label: t("exams.only_held"), icon: "hold", test: "only-held", pressed: held,
        press: () => app.go(route("queue", [], held ? {} : { held: "1" })) }),
      button({ label: t("exams.title"), icon: "exams", test: "to-exams", press: () => app.go("exams") })),
    list, h("h2", {}, t("exams.systems")), peers));

  function ask() {
    return app.api.get(`/api/outbox?${new URLSearchParams({ page, size: SIZE, held: held ? "1" : "" })}`);
  }

  async function load() {
    draw(await ask());
  }

  function draw(found) {
    counts.textContent = [plural("core.bar.owed", found.owed), plural("core.bar.held", found.held)].join(" · ");
    drawLines({ lines: found.lines, page: found.page, size: found.size, total: found.total });
    drawPeers(found.peers);
  }

  function turn(step) {
    page = Math.max(0, page + step);
    root.scrollTop = 0;
    load().catch(app.problem);
  }

  await load();
  // what was asked for before the page was turned is of no use
  return follow(app, ask, (found) => { if (found.page === page) draw(found); }, 3000);
}

function lines(found, app, load, turn) {
  if (!found.lines.length) return h("p", { class: "exams-none quiet", "data-test": "queue-empty" }, t("exams.nothing_owed"));
  const last = Math.max(0, Math.ceil(found.total / found.size) - 1);
  return [
    h("ul", { class: "exams-list" }, found.lines.map((line) => outboxLine(app, line, load))),
    last > 0 && h("div", { class: "row pager" },
      button({ label: t("core.back"), icon: "up", test: "page-up", disabled: found.page === 0, press: () => turn(-1) }),
      h("span", {}, t("exams.page", { n: number(found.page + 1), total: number(last + 1) })),
      button({ label: t("exams.further"), icon: "down", test: "page-down", disabled: found.page >= last, press: () => turn(1) })),
  ];
}
