/** What both wizards have: freeze a picture, tap on it, nudge the last point. */

import { fill, h } from "../../core/dom.js";
import { button } from "../button.js";
import { frozenPicture } from "./frozen.js";
import { API, note, w } from "../../screens/technician/page.js";

/**
 * @param {any} app
 * @param {{source: string, body: HTMLElement, guard: Function, most: number, hint: string, drawn: (picture: HTMLElement, frozen: any, panel: HTMLElement) => void, change: (points: number[][]) => void}} options
 */
export function makeWizard(app, { source, body, guard, most, hint, drawn, change }) {
  async function freeze() {
    const frozen = await guard(() => app.api.post(`${API}/sources/freeze`, { source }));
    if (!frozen) {
      fill(body, again());
      return;
    }
    const panel = h("div", { class: "tech-panel" });
    const picture = frozenPicture(frozen, { most, change });
    const arrows = [["back", -1, 0], ["forward", 1, 0], ["up", 0, -1], ["down", 0, 1]].map(([name, across, down]) =>
      button({ label: w(`nudge.${name}`), icon: name, iconOnly: true, test: `nudge-${name}`, press: () => picture.nudge(across, down) }));
    fill(body, note(hint), h("div", { class: "tech-split" }, picture,
      h("div", { class: "tech-side" }, h("div", { class: "row", dir: "ltr" }, arrows),
        h("div", { class: "row" }, again(), button({ label: w("frozen.forget"), icon: "erase", test: "frozen-forget", press: picture.forget })),
        panel)));
    drawn(picture, frozen, panel);
  }

  function again() {
    return button({ label: w("frozen.freeze"), icon: "camera", test: "freeze", press: freeze });
  }

  fill(body, note(w("loading")));
  return freeze();
}
