/** Playing and stepping through the frames of a clip. */

import { h } from "../core/dom.js";
import { number, t } from "../core/i18n.js";
import { button } from "./button.js";
import { icon } from "./icons.js";

const SLOWEST_MS = 500;
const USUAL_MS = 66;

/**
 * @param {Object} options
 * @param {number} options.frames
 * @param {number|null} options.frameMs
 * @param {(frame: number, playing: boolean) => Promise<any>} options.show
 */
export function makeClipStrip({ frames, frameMs, show }) {
  const step = Math.min(SLOWEST_MS, frameMs || USUAL_MS);
  let frame = 1;
  let playing = false;
  let turn = 0;
  let timer = 0;
  const count = h("output", { class: "clip-count", "data-test": "clip-frame" });
  const slider = h("input", { type: "range", class: "range", min: 1, max: frames, step: 1, value: 1,
    "aria-label": t("images.frame"), "data-test": "clip-slider", on: { input: () => go(Number(slider.value)) } });
  const play = button({ label: t("images.play"), icon: "play", iconOnly: true, test: "clip-play", press: toggle });
  const element = h("div", { class: "strip", "data-test": "clip-strip" },
    button({ label: t("images.frame_back"), icon: "back", iconOnly: true, test: "clip-back", press: () => go(frame - 1) }),
    play,
    button({ label: t("images.frame_on"), icon: "forward", iconOnly: true, test: "clip-on", press: () => go(frame + 1) }),
    h("div", { class: "grow clip-where" }, count, slider));

  function tell() {
    count.textContent = t("images.frame_of", { n: number(frame), frames: number(frames) });
    slider.value = String(frame);
  }

  function go(wanted) {
    pause();
    frame = Math.min(frames, Math.max(1, wanted));
    tell();
    show(frame, false);
  }

  function toggle() {
    if (playing) return go(frame);
    playing = true;
    dress();
    turn += 1;
    run(turn, performance.now() - (frame === frames ? 0 : (frame - 1) * step));
    return undefined;
  }

  /** Frames are left out when the box cannot keep up: the time is right, whatever it takes. */
  async function run(mine, began) {
    const due = Math.floor((performance.now() - began) / step) % frames;
    frame = due + 1;
    tell();
    await show(frame, true);
    if (mine !== turn || !playing) return;
    const next = began + (Math.floor((performance.now() - began) / step) + 1) * step;
    timer = setTimeout(() => run(mine, began), Math.max(0, next - performance.now()));
  }

  function pause() {
    playing = false;
    turn += 1;
    clearTimeout(timer);
    dress();
  }

  function dress() {
    play.setAttribute("aria-label", t(playing ? "images.pause" : "images.play"));
    play.replaceChildren(icon(playing ? "hold" : "play"));
  }

  tell();
  return { element, go: (by) => go(frame + by), toggle, stop: pause, get frame() { return frame; } };
}
