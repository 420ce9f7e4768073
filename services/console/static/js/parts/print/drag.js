/** Carrying a picture with a finger or a mouse, from where it lies to where it is let go. */

import { h } from "../../core/dom.js";

const BEGINS_PX = 12;

/**
 * @param {HTMLElement} element
 * @param {Object} does
 * @param {(event: PointerEvent) => ?{picture: string, what: any}} does.take what lies under the finger
 * @param {(x: number, y: number) => void} does.over
 * @param {(what: any, x: number, y: number) => void} does.drop
 * @returns {() => void} ends it
 */
export function watchCarrying(element, { take, over, drop }) {
  let held = null;
  let ghost = null;
  let start = null;

  function begin(event) {
    if (event.button !== 0 || held) return;
    const found = take(event);
    if (!found) return;
    held = found;
    start = event;
  }

  function move(event) {
    if (!held || event.pointerId !== start.pointerId) return;
    if (!ghost && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < BEGINS_PX) return;
    if (!ghost) {
      element.setPointerCapture(event.pointerId);
      ghost = h("img", { class: "carried", src: held.picture, alt: "" });
      document.body.append(ghost);
    }
    ghost.style.setProperty("--x", `${event.clientX}px`);
    ghost.style.setProperty("--y", `${event.clientY}px`);
    over(event.clientX, event.clientY);
  }

  function end(event) {
    if (!held || event.pointerId !== start.pointerId) return;
    const { what } = held;
    const carried = ghost !== null;
    put();
    if (!carried) return;
    // the click that follows belongs to where it was taken from, and means nothing
    const swallow = (click) => click.stopPropagation();
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
    drop(what, event.clientX, event.clientY);
  }

  function put() {
    if (ghost) ghost.remove();
    held = ghost = start = null;
    over(-1, -1);
  }

  const cancel = (event) => {
    if (start && event.pointerId === start.pointerId) put();
  };
  // else the browser takes the end of the way for a throw, and swallows the next tap
  const still = (event) => {
    if (ghost && event.cancelable) event.preventDefault();
  };
  const listeners = { pointerdown: begin, pointermove: move, pointerup: end, pointercancel: cancel, touchmove: still,
    dragstart: (event) => event.preventDefault(), contextmenu: (event) => event.preventDefault() };
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener, { passive: false });
  return () => {
    if (held) put();
    for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener);
  };
}
