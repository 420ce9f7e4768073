/** Why something cannot be done, on the screen for as long as it is so, with what to do. */

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { button } from "../button.js";
import { icon } from "../icons.js";
import { problemWords } from "../problem.js";

const PASSING_MS = 15000;

/**
 * One place for refusals: what holds on is shown before what was true only at the moment of a tap.
 */
export function makeNotice() {
  const element = h("div", { class: "notice", role: "alert", "data-test": "notice", hidden: true });
  let lasting = null;
  let passing = null;
  let timer = 0;
  let drawn = "";

  /** @param {{code: string, params?: Object, action?: {label: string, icon: string, test: string, press: () => void}}|null} found */
  function hold(found) {
    lasting = found;
    draw();
  }

  /** A refusal of this very moment; the next success takes it away. */
  function say(error) {
    passing = error;
    clearTimeout(timer);
    timer = setTimeout(clear, PASSING_MS);
    draw();
  }

  function clear() {
    clearTimeout(timer);
    passing = null;
    draw();
  }

  function draw() {
    const found = lasting || passing;
    const key = found ? `${found.code} ${JSON.stringify(found.params || {})}` : "";
    if (key === drawn) return;
    drawn = key;
    element.hidden = !found;
    element.dataset.code = found ? found.code : "";
    if (!found) {
      fill(element);
      return;
    }
    const words = problemWords(found);
    fill(element,
      icon("warning"),
      h("div", { class: "notice-words" },
        h("strong", { dir: "auto" }, words.what),
        h("p", { dir: "auto" }, words.todo, " ", h("small", { class: "quiet" }, t("core.problem.code", { code: words.code })))),
      found.action && button({ kind: "primary", ...found.action }),
      !lasting && button({ label: t("core.close"), icon: "close", iconOnly: true, kind: "quiet", test: "notice-close", press: clear }));
  }

  return { element, hold, say, clear, stop: () => clearTimeout(timer) };
}
