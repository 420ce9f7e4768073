/** How one picture is printed: brightness, contrast and which frame, as on the review screen. */

import { fill, h } from "../../core/dom.js";
import { number, t } from "../../core/i18n.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { makePixels } from "../pixels.js";
import { makeWindowStrip } from "../window-strip.js";

/**
 * @param {{app: any, placed: import("./draft.js").Placed, take: (placed: Object) => void}} options
 */
export async function openLevels({ app, placed, take }) {
  let image;
  try {
    image = await app.api.get(`/api/images/${encodeURIComponent(placed.sop_instance_uid)}`);
  } catch (error) {
    app.problem(error);
    return null;
  }
  if (!image.pixels) return null;
  let { frame } = placed;
  let touched = placed.window !== null;
  const own = image.pixels.window;
  image.window = placed.window ? { centre: placed.window.center, width: placed.window.width } : own && { ...own };
  const pixels = makePixels({ label: t("images.picture"), failed: app.problem });
  const strip = image.window && makeWindowStrip({ image, changed: () => { touched = true; pixels.redraw(); } });
  const steps = h("div", { class: "row" });
  const sheet = openDialog({
    title: t("print.levels"), test: "levels-sheet",
    content: [h("div", { class: "levels-picture" }, pixels.element), strip && strip.element, image.pixels.frames > 1 && steps],
    actions: [
      button({ label: t("core.cancel"), icon: "close", test: "levels-no", press: () => sheet.close() }),
      button({ label: t("print.levels_use"), icon: "check", kind: "primary", test: "levels-use", press: () => {
        take({ ...placed, frame, window: touched ? { center: image.window.centre, width: image.window.width } : null });
        sheet.close();
      } }),
    ],
    closed: () => pixels.stop(),
  });

  function go(by) {
    frame = Math.min(image.pixels.frames, Math.max(1, frame + by));
    show();
  }

  function show() {
    fill(steps,
      button({ label: t("images.frame_back"), icon: "back", test: "frame-back", disabled: frame === 1, press: () => go(-1) }),
      h("span", {}, t("images.frame_of", { n: number(frame), frames: number(image.pixels.frames) })),
      button({ label: t("images.frame_on"), icon: "forward", test: "frame-on", disabled: frame === image.pixels.frames, press: () => go(1) }));
    pixels.show(image, frame);
  }

  show();
  return sheet;
}
