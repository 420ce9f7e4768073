/** A short word at the edge of the screen that goes away by itself. */

import { h } from "../core/dom.js";
import { icon } from "./icons.js";

const SECONDS = 6;
const MOST = 3;
const MARKS = { good: "check", caution: "warning", bad: "stop_sign", plain: "info" };

/**
 * @param {HTMLElement} place a live region
 * @returns {(kind: "good"|"caution"|"bad"|"plain", text: string) => void}
 */
export function makeToasts(place) {
  return (kind, text) => {
    const element = h("p", { class: `toast tone-${kind}`, "data-test": "toast" }, icon(MARKS[kind] || "info"), h("span", {}, text));
    while (place.children.length >= MOST) place.firstElementChild.remove();
    place.append(element);
    setTimeout(() => element.remove(), SECONDS * 1000);
  };
}
