/** The pictures of the exam, to be touched or carried to the sheet. */

import { fill, h } from "../../core/dom.js";
import { number, plural, t } from "../../core/i18n.js";
import { icon } from "../icons.js";
import { watchCarrying } from "./drag.js";

/**
 * @param {Object} does
 * @param {(uid: string) => void} does.touched
 * @param {(x: number, y: number) => void} does.over
 * @param {(uid: string, x: number, y: number) => void} does.dropped
 */
export function makeTray({ touched, over, dropped }) {
  const list = h("ul", { class: "print-tray", "aria-label": t("print.tray"), "data-test": "print-tray" });
  const stop = watchCarrying(list, {
    take: (event) => {
      const found = event.target.closest("[data-uid]");
      return found && { picture: thumb(found.dataset.uid), what: found.dataset.uid };
    },
    over, drop: dropped,
  });
  let shown = "";

  /** @param {Object[]} images @param {string} chosen @param {Map<string, number>} used how often each is on the sheets */
  function set(images, chosen, used) {
    const next = JSON.stringify(images.map((each) => each.uid));
    if (next !== shown) {
      shown = next;
      fill(list, images.map((image) => h("li", {}, h("button", { type: "button", class: "tray-image", "data-test": `tray-${image.place}`,
        "data-uid": image.uid, on: { click: () => touched(image.uid) } },
      h("img", { src: thumb(image.uid), alt: "", loading: "lazy", draggable: "false" }),
      h("span", { class: "tray-words" })))));
    }
    [...list.children].forEach((line, index) => {
      const [image, control] = [images[index], line.firstElementChild];
      const times = used.get(image.uid) || 0;
      control.setAttribute("aria-pressed", String(image.uid === chosen));
      const short = `${number(image.series)}/${number(image.number)}`;
      control.setAttribute("aria-label", [short, nameOf(image), times && plural("print.on_sheets", times)].filter(Boolean).join(", "));
      control.dataset.used = String(times);
      fill(control.querySelector(".tray-words"), short, times > 0 && icon("check"));
    });
  }

  return { element: list, set, stop };
}

/** An image in words. */
export function nameOf(image) {
  return t("print.image", { series: number(image.series), n: number(image.number) });
}

function thumb(uid) {
  return `/api/images/${encodeURIComponent(uid)}/thumb`;
}
