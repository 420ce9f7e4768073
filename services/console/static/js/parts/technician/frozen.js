/** A frozen picture on which points are tapped; positions are in pixels of the picture itself. */

import { h } from "../../core/dom.js";
import { w } from "../../screens/technician/page.js";

/**
 * @param {{number: number, columns: number, rows: number, pixel_aspect: number[]}} frozen
 * @param {{most: number, change: (points: number[][]) => void}} options
 * @returns {HTMLElement} its `points` are what was tapped; `forget()` takes them away
 */
export function frozenPicture(frozen, { most, change }) {
  const image = h("img", { class: "frozen-image", src: `/api/technician/frozen/${frozen.number}`, alt: w("frozen.alt"), draggable: "false" });
  const marks = h("div", { class: "frozen-marks", "aria-hidden": "true" });
  const element = h("div", { class: "frozen", dir: "ltr", tabindex: "0", role: "application", "aria-label": w("frozen.alt"), "data-test": "frozen" }, image, marks);
  const tall = frozen.pixel_aspect[0] / frozen.pixel_aspect[1];
  element.style.setProperty("--ratio", String(frozen.columns / (frozen.rows * tall)));
  element.points = [];
  let chosen = 0;

  function draw() {
    marks.replaceChildren(...element.points.map(([column, row], index) => {
      const mark = h("span", { class: `frozen-mark frozen-mark-${Math.floor(index / 2) % 2}`, "data-test": `mark-${index}` }, String(index + 1));
      mark.style.setProperty("--across", String((column + 0.5) / frozen.columns));
      mark.style.setProperty("--down", String((row + 0.5) / frozen.rows));
      return mark;
    }));
    change(element.points);
  }

  function put(column, row) {
    const inside = [clamp(column, frozen.columns), clamp(row, frozen.rows)];
    if (element.points.length < most) {
      element.points.push(inside);
      chosen = element.points.length - 1;
    } else {
      chosen = nearest(element.points, inside);
      element.points[chosen] = inside;
    }
    draw();
  }

  element.addEventListener("pointerdown", (event) => {
    const box = image.getBoundingClientRect();
    put(((event.clientX - box.left) / box.width) * frozen.columns - 0.5, ((event.clientY - box.top) / box.height) * frozen.rows - 0.5);
  });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    element.nudge(...step);
  });
  /** Move the last point by whole pixels. */
  element.nudge = (across, down) => {
    const point = element.points[chosen];
    if (!point) {
      put(frozen.columns / 2, frozen.rows / 2);
      return;
    }
    element.points[chosen] = [clamp(point[0] + across, frozen.columns), clamp(point[1] + down, frozen.rows)];
    draw();
  };
  element.forget = () => {
    element.points = [];
    draw();
  };
  return element;
}

function clamp(value, count) {
  return Math.round(Math.max(0, Math.min(count - 1, value)) * 10) / 10;
}

function nearest(points, [column, row]) {
  const distances = points.map(([x, y]) => Math.hypot(x - column, y - row));
  return distances.indexOf(Math.min(...distances));
}
