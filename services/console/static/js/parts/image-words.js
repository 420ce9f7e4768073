/** What is said of an image: its name, and how far it has got. */

import { h } from "../core/dom.js";
import { date, number, plural, t } from "../core/i18n.js";
import { badge } from "./badge.js";

const REACH = { kept: "acquired", sending: "sending", perhaps: "held", stored: "stored" };

/** An image in a few words, such as "Image 3 of series 1". */
export function imageName(image) {
  return t("images.name", { n: number(image.number), series: number(image.series) });
}

/** How many frames a clip has; nothing for a still. */
export function framesWords(image) {
  return image.frames > 1 ? plural("images.frames", image.frames) : "";
}

/** Why it was discarded, where it is all the same, and who has to be told. */
export function discardedWords(image) {
  const there = (image.archives || []).filter((each) => each.reach !== "kept");
  return [
    h("p", {}, badge("discarded"), " ", t(`images.reason.${image.discard_reason}`)),
    there.map((each) => h("p", { dir: "auto" }, t(`images.discarded.${each.reach}`, { peer: each.peer }))),
    there.length > 0 && h("p", { class: "tone-caution", dir: "auto" }, image.not_told.length
      ? t("images.discarded.tell", { peers: image.not_told.join(", ") })
      : t("images.discarded.told")),
  ];
}

/** Everything that is known of one image, as rows of a list. */
export function imageFacts(image) {
  const origins = Object.entries(image.provenance || {}).map(([source, n]) =>
    `${t(`images.source.${source}`)} ${number(n)}`).join(", ");
  const rows = [
    [t("images.fact.protocol"), image.protocol],
    [t("images.fact.taken"), date(image.acquired, "both")],
    [t("images.fact.object"), image.object],
    [t("images.fact.size"), image.pixels && `${number(image.pixels.columns)} × ${number(image.pixels.rows)}`],
    [t("images.fact.frames"), number(image.frames)],
    [t("images.fact.dropped"), number(image.dropped)],
    [t("images.fact.origin"), origins],
  ];
  return h("dl", { class: "image-facts", "data-test": "image-facts" },
    rows.filter(([, value]) => value).map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", { dir: "auto" }, value))),
    (image.archives || []).map((each) => h("div", {}, h("dt", { dir: "auto" }, each.peer),
      h("dd", {}, badge(REACH[each.reach], t(`images.reach.${each.reach}`))))));
}
