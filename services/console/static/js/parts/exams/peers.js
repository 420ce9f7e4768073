/** The systems that images and reports go to: whether they answer, and how fast it goes. */

import { h } from "../../core/dom.js";
import { number, t } from "../../core/i18n.js";
import { badge } from "../badge.js";
import { button } from "../button.js";
import { contact, pace } from "./words.js";

/**
 * @param {any} app
 * @param {Object} peer of /api/peers
 * @param {() => Promise<void>} done
 */
export function peerCard(app, peer, done) {
  const away = Boolean(peer.fault);
  return h("li", { class: "peer", "data-test": `peer-${peer.peer}`, "data-away": String(away) },
    h("div", { class: "line-head" },
      badge(away ? "offline" : peer.sending ? "sending" : "online"),
      h("strong", {}, h("bdi", {}, peer.peer)),
      h("span", {}, peer.owed ? t("exams.owed_here", { n: number(peer.owed) }) : t("exams.nothing_owed"))),
    h("p", { class: "quiet" }, [contact(peer, Date.now() / 1000), pace(peer)].filter(Boolean).join(" · ")),
    away && h("p", {}, h("span", { class: "quiet" }, t("exams.own_words")), " ", h("q", { dir: "auto" }, peer.fault)),
    h("div", { class: "row" },
      away && button({ label: t("exams.try_now"), icon: "resend", test: `try-${peer.peer}`,
        press: () => tryNow(app, peer, done) }),
      peer.held > 0 && button({ label: t("exams.resend_held", { n: number(peer.held) }), icon: "resend",
        test: `resend-held-${peer.peer}`, press: () => resendHeld(app, peer, done) })));
}

async function tryNow(app, peer, done) {
  try {
    await app.api.post(`/api/peers/${encodeURIComponent(peer.peer)}/try`);
    app.toast("plain", t("exams.trying", { peer: peer.peer }));
  } catch (error) {
    app.problem(error);
  }
  await done();
}

async function resendHeld(app, peer, done) {
  try {
    const answer = await app.api.post("/api/outbox/resend", { peer: peer.peer });
    app.toast(answer.refused ? "caution" : "good", t("exams.done.resend", { n: number(answer.done) }));
  } catch (error) {
    app.problem(error);
  }
  await done();
}
