/** One image, large: windowed, played, stepped through, discarded and brought back. No dialogs. */

import { clear, fill, h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button } from "../parts/button.js";
import { makeClipStrip } from "../parts/clip-strip.js";
import { discardedWords, framesWords, imageFacts, imageName } from "../parts/image-words.js";
import { makePixels } from "../parts/pixels.js";
import { problemPanel } from "../parts/problem.js";
import { reasonList } from "../parts/reason-list.js";
import { makeWindowStrip } from "../parts/window-strip.js";

const KEYS = {
  ArrowLeft: ["turn", -1], ArrowRight: ["turn", 1], ArrowUp: ["step", -1], ArrowDown: ["step", 1],
  " ": ["play", 0], Delete: ["discard", 0],
};

export async function show(root, params, app) {
  const screen = makeReview(root, app);
  await screen.open(params.uid);
  return screen.leave;
}

function makeReview(root, app) {
  let image = null;
  let clip = null;
  let levels = null;
  let gone = false;
  const pixels = makePixels({ label: t("images.picture"), failed });
  const head = h("div", { class: "review-head" });
  const tools = h("div", { class: "review-tools", role: "toolbar", "aria-label": t("images.tools") });
  const strip = h("div", { class: "review-strip" });
  const panel = h("section", { class: "review-panel", "data-test": "review-panel", hidden: true });
  const note = h("div", { class: "review-note", role: "status", "data-test": "review-note" });
  const stage = h("div", { class: "review-stage" }, pixels.element, note);
  const stopDragging = watchDrags(pixels.element, (x, y) => levels && levels.drag(x, y), () => levels && levels.reset());

  async function open(uid) {
    const found = await app.api.get(`/api/images/${encodeURIComponent(uid)}`);
    if (gone) return;
    image = { ...found, window: found.pixels && found.pixels.window ? { ...found.pixels.window } : null };
    app.frame({ title: imageName(image), bare: true });
    if (clip) clip.stop();
    clip = image.pixels && image.pixels.frames > 1
      ? makeClipStrip({ frames: image.pixels.frames, frameMs: image.pixels.frame_ms, show: draw }) : null;
    levels = image.window ? makeWindowStrip({ image, changed }) : null;
    fill(head, app.banner(image.exam));
    closePanel();
    showStrip(clip);
    dress();
    if (image.pixels) draw(1, false);
    else fill(note, h("p", {}, t("images.not_here")));
  }

  function draw(frame, playing) {
    return pixels.show(image, frame, { playing });
  }

  function changed() {
    // a colour clip has no window; a grey one that plays takes the new one with its next frame
    pixels.redraw();
  }

  function showStrip(which) {
    fill(strip, which && which.element);
    strip.dataset.shown = which === levels && levels ? "window" : which ? "clip" : "none";
  }

  function dress() {
    const at = image.images.findIndex((each) => each.uid === image.uid);
    const open = image.exam.state === "IN PROGRESS";
    fill(tools,
      button({ label: t("core.back"), icon: "back", test: "review-back", press: app.back }),
      discardButton(open),
      turnButton("previous", "back", at - 1),
      turnButton("next", "forward", at + 1),
      levels && button({ label: t("images.window"), icon: "sun", test: "review-window", pressed: strip.dataset.shown === "window", press: toggleWindow }),
      button({ label: t("images.facts"), icon: "info", test: "review-facts", press: () => openPanel(t("images.facts"), imageFacts(image)) }),
    );
    root.dataset.image = image.uid;
    fill(note, !open && h("p", { class: "quiet" }, t("images.finish.ended")), image.discarded ? discardedWords(image)
      : h("p", { class: "quiet" }, [t("images.place", { n: at + 1, all: image.images.length }), framesWords(image)].filter(Boolean).join(" · ")));
  }

  function discardButton(open) {
    if (!image.discarded) {
      return button({ label: t("images.discard"), icon: "bin", kind: "danger", test: "review-discard", disabled: !open, press: askReason });
    }
    return button({ label: t("images.restore"), icon: "undo", kind: "primary", test: "review-restore", disabled: !open, press: restore });
  }

  function turnButton(name, picture, at) {
    const there = image.images[at];
    return button({ label: t(`images.${name}`), icon: picture, test: `review-${name}`, disabled: !there, press: () => turn(at) });
  }

  function turn(at) {
    const there = image.images[at];
    if (!there) return;
    history.replaceState(null, "", `#/review/${encodeURIComponent(there.uid)}`);
    open(there.uid).catch(failed);
  }

  function toggleWindow() {
    if (clip) clip.stop();
    showStrip(strip.dataset.shown === "window" ? clip : levels);
    dress();
  }

  function askReason() {
    if (image.discarded || image.exam.state !== "IN PROGRESS") return;
    openPanel(t("images.discard.why"), reasonList({ codes: image.reasons, label: t("images.discard.why"), choose: discard }));
  }

  async function discard(reason) {
    try {
      const answer = await app.api.post(`/api/images/${image.uid}/discard`, { reason });
      app.toast(answer.recalled ? "good" : "caution", t(answer.recalled ? "images.discard.done" : "images.discard.too_late"));
      await open(image.uid);
    } catch (error) {
      failed(error);
    }
  }

  async function restore() {
    try {
      await app.api.post(`/api/images/${image.uid}/restore`);
      app.toast("good", t("images.restore.done"));
      await open(image.uid);
    } catch (error) {
      failed(error);
    }
  }

  function openPanel(title, content) {
    fill(panel,
      h("header", { class: "row" }, h("h2", { class: "grow" }, title),
        button({ label: t("core.close"), icon: "close", iconOnly: true, kind: "quiet", test: "panel-close", press: closePanel })),
      h("div", { class: "review-panel-body", tabindex: "0", role: "region", "aria-label": title }, content));
    panel.hidden = false;
    panel.querySelector("button").focus();
  }

  function closePanel() {
    panel.hidden = true;
    clear(panel);
  }

  function failed(error) {
    if (gone) return;
    openPanel(t("core.problem.title"), problemPanel(error));
  }

  function pressed(event) {
    const meant = KEYS[event.key];
    if (!meant || !image || event.target.closest("input, dialog, button, [tabindex='0']")) return;
    event.preventDefault();
    const [what, by] = meant;
    if (what === "turn") turn(image.images.findIndex((each) => each.uid === image.uid) + by);
    else if (what === "discard") askReason();
    else if (clip && what === "step") clip.go(by);
    else if (clip) clip.toggle();
  }

  document.addEventListener("keydown", pressed);
  root.append(h("div", { class: "review" }, head, stage, strip, tools, panel));

  function leave() {
    gone = true;
    document.removeEventListener("keydown", pressed);
    if (clip) clip.stop();
    stopDragging();
    pixels.stop();
    delete root.dataset.image;
  }

  return { open, leave };
}

/** Tell of drags by how far the finger moved; a double tap is a wish of its own. */
function watchDrags(element, moved, twice) {
  let last = null;
  const begin = (event) => {
    last = event;
    element.setPointerCapture(event.pointerId);
  };
  const move = (event) => {
    if (!last || event.pointerId !== last.pointerId) return;
    moved(event.clientX - last.clientX, event.clientY - last.clientY);
    last = event;
  };
  const end = () => { last = null; };
  const listeners = { pointerdown: begin, pointermove: move, pointerup: end, pointercancel: end, dblclick: twice };
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener);
  };
}
