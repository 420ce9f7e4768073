/** The live picture: newest frame, its age, and a grey cover with the reason when there is none. */

import { fill, h } from "../core/dom.js";
import { has, number, t } from "../core/i18n.js";
import { icon } from "./icons.js";

const STALE_MS = 1000;
const GLANCE_MS = 200;
const RETRY_MS = 700;
const SETTLE_MS = 250;
const SAMPLES = 40;
const LIVE = "live";
const AWAY = "away";

/**
 * A preview that runs from `start` to `stop`, and pauses while the page is hidden.
 * @param {{source?: string, told?: (state: string, words: string) => void}} [options] `source`
 *   names a source; without it the one of the open exam is shown.
 */
export function makePreview({ source = "", told = () => {} } = {}) {
  const canvas = h("canvas", { class: "preview-picture", "data-test": "preview-picture", role: "img",
    "aria-label": t("acquire.preview.label") });
  const pen = canvas.getContext("2d", { alpha: false });
  const ageText = h("span", { class: "preview-age", "data-test": "preview-age" });
  const coverWords = h("div", { class: "preview-cover", "data-test": "preview-cover", role: "status" });
  const element = h("div", { class: "preview", "data-test": "preview", "data-state": AWAY },
    canvas,
    h("span", { class: "preview-mark", "data-test": "preview-mark" }, t("acquire.preview.mark")),
    ageText,
    coverWords);
  const clock = makeClock();
  const resized = new ResizeObserver(settle);
  let socket = null;
  let running = false;
  let retry = 0;
  let settling = 0;
  let ticking = 0;
  let size = "";
  let taken = null;
  let heard = 0;
  let shown = "";

  function start() {
    if (running) return;
    running = true;
    document.addEventListener("visibilitychange", look);
    resized.observe(element);
    ticking = setInterval(tick, GLANCE_MS);
    cover(AWAY, "");
  }

  function stop() {
    running = false;
    document.removeEventListener("visibilitychange", look);
    resized.disconnect();
    clearInterval(ticking);
    clearTimeout(settling);
    hangUp();
    canvas.width = canvas.height = 1;
  }

  function settle() {
    clearTimeout(settling);
    settling = setTimeout(look, socket ? SETTLE_MS : 0);
  }

  /** Be connected exactly while there is something to see, in the size that it has. */
  function look() {
    if (!running) return;
    const box = boxOf(element);
    if (document.hidden || !box) {
      hangUp();
      return;
    }
    if (socket && box === size) return;
    hangUp();
    size = box;
    connect();
  }

  function connect() {
    const [w, high] = size.split("x");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = new URLSearchParams({ w, h: high, ...(source ? { source } : {}) });
    const mine = new WebSocket(`${scheme}://${location.host}/api/preview?${query}`);
    mine.binaryType = "arraybuffer";
    mine.onmessage = (event) => take(mine, event.data);
    mine.onclose = () => lost(mine);
    socket = mine;
  }

  function hangUp() {
    clearTimeout(retry);
    retry = 0;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function lost(mine) {
    if (mine !== socket) return;
    socket = null;
    retry = setTimeout(look, RETRY_MS);
  }

  async function take(mine, data) {
    if (mine !== socket) return;
    const { header, picture } = unpack(data);
    heard = performance.now();
    clock.learn(header.now_ms, heard);
    if (picture.byteLength) await draw(mine, header, picture);
    else {
      taken = null;
      cover(header.state || AWAY, header.reason || header.text || "");
    }
    if (mine === socket && mine.readyState === WebSocket.OPEN) mine.send("n");
  }

  async function draw(mine, header, picture) {
    const bitmap = await createImageBitmap(new Blob([picture], { type: "image/jpeg" })).catch(() => null);
    if (!bitmap) return;
    if (mine === socket) {
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      pen.drawImage(bitmap, 0, 0);
      taken = header.taken_ms;
      tick();
    }
    bitmap.close();
  }

  function tick() {
    const now = performance.now();
    if (taken === null) {
      if (now - heard > STALE_MS * 2) cover(AWAY, "");
      return;
    }
    const age = clock.age(taken, now);
    ageText.textContent = t("acquire.preview.age", { ms: number(Math.round(age)) });
    element.dataset.age = String(Math.round(age));
    if (age > STALE_MS) cover(now - heard > STALE_MS ? AWAY : "stale", "");
    else cover(LIVE, "");
  }

  function cover(state, words) {
    if (`${state} ${words}` === shown) return;
    shown = `${state} ${words}`;
    element.dataset.state = state;
    coverWords.hidden = state === LIVE;
    ageText.hidden = state !== LIVE;
    fill(coverWords, state !== LIVE && [
      icon(state === "stills" ? "info" : "eye"),
      h("strong", {}, stateWords(state)),
      h("p", {}, t(has(`acquire.advice.${key(state)}`) ? `acquire.advice.${key(state)}` : "acquire.advice.any")),
      words && h("p", { class: "preview-reason", dir: "auto" }, words),
    ]);
    told(state, words);
  }

  return { element, start, stop };
}

/** The word for the state of a source. */
export function stateWords(state) {
  return has(`acquire.source.${key(state)}`) ? t(`acquire.source.${key(state)}`) : state;
}

function key(state) {
  return state.replaceAll(" ", "_");
}

/** What the box says of a picture, and the picture. */
function unpack(data) {
  const length = new DataView(data).getUint16(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 2, length)));
  return { header, picture: new Uint8Array(data, 2 + length) };
}

/**
 * The box's clock against ours: the message that came fastest says best how far they are apart, so
 * an age can only be told too small by what the fastest way takes.
 */
function makeClock() {
  const apart = [];
  return {
    learn(box, here) {
      if (typeof box !== "number") return;
      apart.push(here - box);
      if (apart.length > SAMPLES) apart.shift();
    },
    age(taken, now) {
      return Math.max(0, now - Math.min(...apart) - taken);
    },
  };
}

function boxOf(element) {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  const box = element.getBoundingClientRect();
  const sides = [box.width, box.height].map((side) => Math.round(side * scale));
  return Math.min(...sides) < 16 ? "" : sides.join("x");
}
