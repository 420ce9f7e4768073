/** A button that works only when it is held: what must not happen by a slip of the hand. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

export const HOLD_MS = 1000;

/**
 * @param {Object} options
 * @param {string} options.label
 * @param {string} [options.icon]
 * @param {() => void} options.done called once, when it was held long enough
 * @param {string} options.test value of data-test
 * @param {"primary"|"danger"|"plain"} [options.kind]
 * @param {boolean} [options.disabled]
 * @param {number} [options.ms]
 */
export function holdButton({ label, icon: name = "hold", done, test, kind = "primary", disabled, ms = HOLD_MS }) {
  const ring = h("span", { class: "hold-ring", "aria-hidden": "true" }, icon(name));
  const element = h(
    "button",
    {
      type: "button",
      class: `button button-${kind} hold`,
      "data-test": test,
      "aria-description": t("core.hold.hint"),
      disabled: Boolean(disabled),
    },
    ring,
    h("span", { class: "button-word" }, label, h("small", { class: "hold-hint" }, t("core.hold.hint"))),
  );
  let started = 0;
  let frame = 0;

  function step(now) {
    if (!started) return;
    if (!element.isConnected || element.disabled) return cancel();
    const part = Math.min(1, (now - started) / ms);
    element.style.setProperty("--held", part.toFixed(3));
    if (part < 1) {
      frame = requestAnimationFrame(step);
      return;
    }
    cancel();
    done();
  }

  function begin() {
    if (started || element.disabled) return;
    started = performance.now();
    element.classList.add("holding");
    frame = requestAnimationFrame(step);
  }

  function cancel() {
    started = 0;
    cancelAnimationFrame(frame);
    element.classList.remove("holding");
    element.style.setProperty("--held", "0");
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button === 0) begin();
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) element.addEventListener(end, cancel);
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    begin();
  });
  element.addEventListener("keyup", cancel);
  return element;
}
