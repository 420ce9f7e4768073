/** Pixels of an image on a canvas: windowed here for stills, as pictures of the box while it plays. */

import { ApiError } from "../core/api.js";
import { h } from "../core/dom.js";

const LARGEST = 2048;

/**
 * What each possible stored value looks like: modality LUT, linear window, MONOCHROME1
 * (PS3.3 C.11.2.1.2.1), as opaque grey.
 * @param {Object} pixels facts of the box: bits, signed, inverted, slope, intercept
 * @param {{centre: number, width: number}} window
 * @returns {Uint32Array} by stored value, beginning with the lowest
 */
export function greyTable(pixels, window) {
  const size = 2 ** pixels.bits;
  const lowest = pixels.signed ? -size / 2 : 0;
  const table = new Uint32Array(size);
  const { centre, width } = window;
  for (let index = 0; index < size; index += 1) {
    const value = (index + lowest) * pixels.slope + pixels.intercept;
    let shown = width <= 1 ? Number(value > centre - 0.5) : (value - (centre - 0.5)) / (width - 1) + 0.5;
    shown = Math.round(Math.min(1, Math.max(0, shown)) * 255);
    if (pixels.inverted) shown = 255 - shown;
    table[index] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
  }
  return table;
}

/**
 * @param {{label: string, failed: (error: Error) => void}} options
 */
export function makePixels({ label, failed }) {
  const canvas = h("canvas", { class: "pixels", "data-test": "pixels", role: "img", "aria-label": label, width: 1, height: 1 });
  const paint = canvas.getContext("2d", { alpha: false });
  const grey = document.createElement("canvas");
  let image = null;
  let samples = null;
  let frame = 1;
  let asked = null;
  let drawing = 0;

  /** Show an image's frame; whatever was asked for before and has not come is forgotten. */
  async function show(next, number, { playing = false } = {}) {
    if (!image || image.uid !== next.uid) samples = null;
    image = next;
    frame = number;
    if (asked) asked.abort();
    asked = new AbortController();
    const mine = asked;
    try {
      if (image.pixels.colour || playing) await picture(mine.signal, playing);
      else await values(mine.signal);
      return mine === asked;
    } catch (error) {
      if (mine === asked && error.name !== "AbortError") failed(error);
      return false;
    }
  }

  async function values(signal) {
    const response = await fetched(`/api/images/${image.uid}/samples/${frame}?size=${wanted()}`, signal);
    const data = await response.arrayBuffer();
    const rows = Number(response.headers.get("X-Rows"));
    const columns = Number(response.headers.get("X-Columns"));
    const kind = image.pixels.signed ? Int16Array : Uint16Array;
    samples = { rows, columns, values: new kind(data), frame };
    redraw();
  }

  async function picture(signal, playing) {
    const { centre, width } = image.window || {};
    const chosen = !image.pixels.colour && image.window ? `&wc=${centre}&ww=${width}` : "";
    const response = await fetched(`/api/images/${image.uid}/frame/${frame}?size=${wanted(playing)}${chosen}`, signal);
    const bitmap = await createImageBitmap(await response.blob());
    if (signal.aborted) {
      bitmap.close();
      return;
    }
    fit(bitmap.width, bitmap.height, 1);
    paint.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    canvas.dataset.shown = `${image.uid}/${frame}`;
  }

  /** Draw the samples that are there by the window of now. */
  function redraw() {
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(() => {
      if (!samples || !image) return;
      const lowest = image.pixels.signed ? -(2 ** (image.pixels.bits - 1)) : 0;
      const table = greyTable(image.pixels, image.window);
      grey.width = samples.columns;
      grey.height = samples.rows;
      const to = grey.getContext("2d");
      const data = to.createImageData(samples.columns, samples.rows);
      const out = new Uint32Array(data.data.buffer);
      for (let index = 0; index < out.length; index += 1) out[index] = table[samples.values[index] - lowest];
      to.putImageData(data, 0, 0);
      fit(samples.columns, samples.rows, image.pixels.aspect);
      paint.drawImage(grey, 0, 0, canvas.width, canvas.height);
      canvas.dataset.shown = `${image.uid}/${samples.frame}`;
      canvas.dataset.window = `${Math.round(image.window.centre)}/${Math.round(image.window.width)}`;
    });
  }

  function fit(columns, rows, aspect) {
    const height = aspect > 1.01 ? Math.round(rows * aspect) : rows;
    const width = aspect < 0.99 ? Math.round(columns / aspect) : columns;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
  }

  /** Pixels of the longer side that are of use on this screen. */
  function wanted(playing = false) {
    const ratio = playing ? 1 : window.devicePixelRatio || 1;
    const longer = Math.max(canvas.clientWidth, canvas.clientHeight, 240) * ratio;
    return Math.min(LARGEST, Math.ceil(longer));
  }

  function stop() {
    if (asked) asked.abort();
    cancelAnimationFrame(drawing);
    samples = null;
    image = null;
    canvas.width = 1;
    canvas.height = 1;
    grey.width = 1;
    grey.height = 1;
  }

  return { element: canvas, show, redraw, stop };
}

async function fetched(path, signal) {
  const response = await fetch(path, { credentials: "same-origin", signal });
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  throw new ApiError((answer && answer.error) || { code: "G-9000" }, response.status);
}
