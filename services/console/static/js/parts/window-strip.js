/** Brightness and contrast: two sliders and presets; a drag on the picture does the same. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button } from "./button.js";

const CT_PRESETS = [["soft", 40, 400], ["lung", -600, 1500], ["bone", 400, 1800], ["brain", 40, 80]];
const STEPS = 1000;
const DRAG_SHARE = 0.004;

/**
 * @param {Object} options
 * @param {Object} options.image facts of the box; its `window` is changed
 * @param {() => void} options.changed
 */
export function makeWindowStrip({ image, changed }) {
  const own = { ...image.pixels.window };
  const span = Math.max(2, image.pixels.range);
  const lowest = own.centre - span;
  // to the right is brighter and harder: a lower centre and a narrower width
  const centre = slider("centre", () => set(lowest + (1 - Number(centre.value) / STEPS) * 2 * span, image.window.width));
  const width = slider("width", () => set(image.window.centre, widthOf(Number(width.value))));
  const presets = [
    button({ label: t("images.window.reset"), icon: "undo", test: "window-reset", press: () => set(own.centre, own.width) }),
    ...(image.object === "CT" ? CT_PRESETS : []).map(([name, at, wide]) =>
      button({ label: t(`images.window.${name}`), test: `window-${name}`, press: () => set(at, wide) })),
  ];
  const element = h("div", { class: "strip window-strip", "data-test": "window-strip" },
    h("div", { class: "grow window-sliders" },
      h("label", {}, h("span", {}, t("images.window.centre")), centre),
      h("label", {}, h("span", {}, t("images.window.width")), width)),
    presets);

  function slider(name, input) {
    return h("input", { type: "range", class: "range", min: 0, max: STEPS, step: 1, "data-test": `window-${name}`, on: { input } });
  }

  // narrow windows need fine steps: the slider is the logarithm of the width
  function widthOf(step) {
    return Math.max(1, (2 * span) ** (1 - step / STEPS));
  }

  function set(at, wide) {
    image.window = { centre: at, width: Math.max(1, wide) };
    show();
    changed();
  }

  function show() {
    centre.value = String(Math.round((1 - (image.window.centre - lowest) / (2 * span)) * STEPS));
    width.value = String(Math.round((1 - Math.log(image.window.width) / Math.log(2 * span)) * STEPS));
  }

  /** A drag by so many pixels: to the right is softer, up is brighter. */
  function drag(across, down) {
    const scale = Math.max(own.width, image.window.width) * DRAG_SHARE;
    set(image.window.centre + down * scale, image.window.width + across * scale);
  }

  show();
  return { element, drag, reset: () => set(own.centre, own.width) };
}
