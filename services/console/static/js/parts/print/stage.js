/** The sheet as it will be printed, with the boxes that pictures are put into. */

import { ApiError } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { number, t } from "../../core/i18n.js";
import { problemPanel } from "../problem.js";
import { watchCarrying } from "./drag.js";

const SETTLE_MS = 120;
const LARGEST = 1600;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {Object} does
 * @param {(box: number) => void} does.touched a box was tapped, or chosen with the keyboard
 * @param {(box: number) => void} does.emptied
 * @param {(from: number, to: number) => void} does.moved
 * @param {(box: number) => ?Object} does.imageAt what is in a box
 * @param {(box: number) => string} does.nameOf
 */
export function makeStage({ touched, emptied, moved, imageAt, nameOf }) {
  const picture = h("img", { class: "sheet-picture", alt: "", draggable: "false", "data-test": "print-preview" });
  const boxes = h("div", { class: "sheet-boxes", role: "listbox", tabindex: "0", "aria-label": t("print.sheet"), "data-test": "print-boxes" });
  const page = h("div", { class: "sheet-page", hidden: true }, picture, boxes);
  const trouble = h("div", { class: "sheet-trouble", "data-test": "print-trouble", hidden: true });
  const element = h("div", { class: "sheet-stage", "data-test": "print-stage", "data-drawn": "" }, page, trouble);
  const resized = new ResizeObserver(() => fit());
  resized.observe(element);
  const stopCarrying = watchCarrying(boxes, { take, over, drop: (from, x, y) => {
    const to = boxAt(x, y);
    if (to >= 0 && to !== from) moved(from, to);
  } });
  let places = null;
  let cursor = 0;
  let address = "";
  let wanted = null;
  let asking = null;
  let timer = 0;
  let drawn = 0;

  boxes.addEventListener("click", (event) => {
    const box = boxAt(event.clientX, event.clientY);
    if (box >= 0) choose(box);
  });
  boxes.addEventListener("keydown", (event) => {
    if (!places) return;
    const step = STEPS[event.key];
    if (step) point(neighbour(step));
    else if (event.key === "Enter" || event.key === " ") choose(cursor);
    else if (event.key === "Delete" || event.key === "Backspace") emptied(cursor);
    else return;
    event.preventDefault();
  });

  function choose(box) {
    point(box);
    touched(box);
  }

  function point(box) {
    cursor = box;
    [...boxes.children].forEach((each, index) => each.setAttribute("aria-selected", String(index === box)));
    if (boxes.children[box]) boxes.setAttribute("aria-activedescendant", boxes.children[box].id);
  }

  /** The nearest box in this direction, else the same one. */
  function neighbour([across, down]) {
    const middle = ([x, y, w, high]) => [x + w / 2, y + high / 2];
    const [x, y] = middle(places.boxes[cursor]);
    const far = places.boxes.map((box, index) => {
      const [bx, by] = middle(box);
      const ahead = (bx - x) * across + (by - y) * down;
      const aside = Math.abs((bx - x) * down) + Math.abs((by - y) * across);
      return index === cursor || ahead <= 0.001 ? Infinity : ahead + 4 * aside;
    });
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] === Infinity ? cursor : nearest;
  }

  /** The box at a point of the page, or the nearest one while the point is on the stage; else -1. */
  function boxAt(x, y) {
    if (!places) return -1;
    const area = element.getBoundingClientRect();
    if (x < area.left || x > area.right || y < area.top || y > area.bottom) return -1;
    const sheet = page.getBoundingClientRect();
    const [across, down] = [(x - sheet.left) / sheet.width, (y - sheet.top) / sheet.height];
    const far = places.boxes.map(([left, top, w, high]) =>
      Math.hypot(Math.max(left - across, 0, across - left - w) * sheet.width, Math.max(top - down, 0, down - top - high) * sheet.height));
    return far.indexOf(Math.min(...far));
  }

  function take(event) {
    const box = boxAt(event.clientX, event.clientY);
    const image = box >= 0 && imageAt(box);
    return image ? { picture: `/api/images/${encodeURIComponent(image.sop_instance_uid)}/thumb`, what: box } : null;
  }

  function over(x, y) {
    const box = x < 0 ? -1 : boxAt(x, y);
    [...boxes.children].forEach((each, index) => each.classList.toggle("sheet-box-over", index === box));
  }

  /** Draw this sheet; several wishes become one, and the last one counts. */
  function draw(wish) {
    wanted = wish;
    element.setAttribute("aria-busy", "true");
    clearTimeout(timer);
    timer = setTimeout(ask, SETTLE_MS);
  }

  async function ask() {
    if (asking || !wanted) return;
    const wish = wanted;
    wanted = null;
    asking = new AbortController();
    try {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const width = Math.min(LARGEST, Math.max(240, Math.round(element.clientWidth * ratio)));
      await show(await fetched({ ...wish, width }, asking.signal));
    } catch (error) {
      if (error.name !== "AbortError") failed(error);
    } finally {
      asking = null;
      if (wanted) timer = setTimeout(ask, 0);
      else element.setAttribute("aria-busy", "false");
    }
  }

  async function show(response) {
    const told = JSON.parse(response.headers.get("X-Sheet"));
    const next = URL.createObjectURL(await response.blob());
    picture.src = next;
    await picture.decode().catch(() => {});
    if (address) URL.revokeObjectURL(address);
    address = next;
    trouble.hidden = true;
    page.hidden = false;
    if (JSON.stringify(told) !== JSON.stringify(places)) lay(told);
    name();
    fit();
    drawn += 1;
    element.dataset.drawn = String(drawn);
  }

  function lay(told) {
    places = told;
    const of = told.boxes.map(([x, y, w, high], index) => h("div", { class: "sheet-box", role: "option", id: `sheet-box-${index}`,
      "data-test": `box-${index + 1}`, style: { "--x": x, "--y": y, "--w": w, "--h": high } }));
    fill(boxes, of);
    point(Math.min(cursor, of.length - 1));
  }

  /** Say again what is in each box. */
  function name() {
    [...boxes.children].forEach((each, index) => {
      const image = imageAt(index);
      each.setAttribute("aria-label", nameOf(index));
      each.dataset.uid = image ? image.sop_instance_uid : "";
      fill(each, !image && h("span", { class: "sheet-number", "aria-hidden": "true" }, number(index + 1)));
    });
  }

  function failed(error) {
    page.hidden = places === null;
    trouble.hidden = false;
    fill(trouble, problemPanel(error));
    name();
  }

  function fit() {
    if (!places) return;
    const share = places.width_mm / places.height_mm;
    const [width, height] = [element.clientWidth - 8, element.clientHeight - 8];
    const wide = Math.min(width, height * share);
    page.style.setProperty("--wide", `${Math.max(40, wide)}px`);
    page.style.setProperty("--high", `${Math.max(40, wide / share)}px`);
  }

  function stop() {
    clearTimeout(timer);
    wanted = null;
    if (asking) asking.abort();
    resized.disconnect();
    stopCarrying();
    if (address) URL.revokeObjectURL(address);
  }

  return { element, draw, boxAt, over, stop, get cursor() { return cursor; }, point,
    get troubled() { return !trouble.hidden; } };
}

async function fetched(body, signal) {
  const response = await fetch("/api/print/preview", {
    method: "POST", credentials: "same-origin", signal, body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-Gantry": "1" },
  });
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  throw new ApiError((answer && answer.error) || { code: "G-9000" }, response.status);
}
