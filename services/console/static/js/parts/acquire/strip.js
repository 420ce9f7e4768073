/** Thumbnails of the exam, the newest first, each there the moment its image is durable. */

import { h } from "../../core/dom.js";
import { plural, t } from "../../core/i18n.js";
import { icon } from "../icons.js";

const MOST = 40;
const RETRIES = 4;
const RETRY_MS = 700;

/**
 * @param {(uid: string) => void} open called with the image that was tapped
 */
export function makeStrip(open) {
  const list = h("ol", { class: "acquire-strip", "data-test": "strip", "aria-label": t("acquire.strip.label") });
  const timers = new Set();
  const known = new Map();

  /** Put a new image first; what is known already stays where it is. */
  function add(image) {
    if (known.has(image.uid)) return;
    known.set(image.uid, image);
    list.prepend(thumb(image));
    while (list.children.length > MOST) list.lastElementChild.remove();
  }

  /** Show exactly these, which the box has in the order in which they were taken. */
  function set(images) {
    for (const image of images) {
      const had = known.get(image.uid);
      if (had && had.discarded === image.discarded && had.clip === image.clip) continue;
      known.delete(image.uid);
      const old = list.querySelector(`[data-uid="${CSS.escape(image.uid)}"]`);
      if (old) {
        known.set(image.uid, image);
        old.replaceWith(thumb(image));
      } else add(image);
    }
    const there = new Set(images.map((image) => image.uid));
    for (const uid of [...known.keys()]) {
      if (there.has(uid)) continue;
      known.delete(uid);
      list.querySelector(`[data-uid="${CSS.escape(uid)}"]`)?.remove();
    }
  }

  function thumb(image) {
    const words = label(image);
    const picture = h("img", { class: "acquire-thumb-picture", alt: "", src: address(image.uid), decoding: "async" });
    let left = RETRIES;
    picture.addEventListener("error", () => {
      picture.hidden = true;
      if (left === 0) return;
      left -= 1;
      const timer = setTimeout(() => {
        timers.delete(timer);
        picture.src = `${address(image.uid)}?again=${RETRIES - left}`;
      }, RETRY_MS);
      timers.add(timer);
    });
    picture.addEventListener("load", () => { picture.hidden = false; });
    return h("li", { class: "acquire-thumb-place", "data-uid": image.uid },
      h("button", { type: "button", class: `acquire-thumb${image.discarded ? " acquire-thumb-discarded" : ""}`, "data-test": "thumb",
        "data-uid": image.uid, on: { click: () => open(image.uid) } },
        picture,
        h("span", { class: "acquire-thumb-mark", "aria-hidden": "true" },
          icon(image.discarded ? "bin" : image.clip ? "play" : "check"),
          image.number ? `${image.series}·${image.number}` : ""),
        h("span", { class: "unseen" }, words)));
  }

  function stop() {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }

  return { element: list, add, set, stop };
}

function label(image) {
  const params = { series: image.series, number: image.number };
  if (image.discarded) return t("acquire.thumb.discarded", params);
  return image.clip ? plural("acquire.thumb.clip", image.frames, params) : t("acquire.thumb.still", params);
}

function address(uid) {
  return `/api/images/${encodeURIComponent(uid)}/thumb`;
}
