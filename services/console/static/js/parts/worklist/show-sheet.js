/** Which part of the worklist is shown: presets, days of one's own, and asking the RIS again. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { button } from "../button.js";
import { openDateWheel } from "../date-wheel.js";
import { openDialog } from "../dialog.js";

export const PRESETS = ["today", "mine", "tomorrow", "week", "all"];

/**
 * @param {{preset: string, choose: Function, refresh: Function, select: Function}} options
 */
export function openShowSheet({ preset, choose, refresh, select }) {
  const sheet = openDialog({
    title: t("worklist.show.title"),
    test: "show-sheet",
    content: h("div", { class: "wl-presets" },
      PRESETS.map((name) => button({ label: t(`worklist.preset.${name}`), icon: "list", test: `preset-${name}`,
        pressed: name === preset, press: () => then(() => choose({ preset: name })) })),
      button({ label: t("worklist.preset.custom"), icon: "clock", test: "preset-custom", pressed: preset === "custom",
        press: () => then(custom) }),
      button({ label: t("worklist.refresh"), icon: "resend", test: "refresh", press: () => then(refresh) }),
      button({ label: t("worklist.select"), icon: "plus", test: "select", press: () => then(select) })),
  });

  function then(step) {
    sheet.close();
    step();
  }

  async function custom() {
    const last = `${new Date().getFullYear() + 2}1231`;
    const now = new Date();
    const value = `${now.getFullYear()}${String(now.getMonth() + 1).padStart(2, "0")}${String(now.getDate()).padStart(2, "0")}`;
    const from = await openDateWheel({ label: t("worklist.day.from"), value, last, test: "day-from" });
    if (!from) return;
    const to = await openDateWheel({ label: t("worklist.day.to"), value: from, last, test: "day-to" });
    if (to === null) return;
    choose({ preset: "custom", from: iso(from), to: to && to >= from ? iso(to) : iso(from) });
  }

  return sheet;
}

function iso(day) {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
}
