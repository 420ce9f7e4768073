/** Somebody whom nobody has time to ask: one tap, one hold, and pictures can be taken. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { holdButton } from "../hold-button.js";
import { newToken, openExam } from "./open-exam.js";

export function askEmergency(app) {
  const token = newToken();
  const sheet = openDialog({
    title: t("worklist.emergency"),
    test: "emergency-sheet",
    kind: "warning",
    content: h("div", { class: "wl-words" }, h("p", {}, t("worklist.emergency.text")), h("p", { class: "quiet" }, t("worklist.emergency.later"))),
    actions: [
      button({ label: t("core.cancel"), icon: "close", test: "emergency-cancel", press: () => sheet.close() }),
      holdButton({ label: t("worklist.emergency.start"), icon: "emergency", kind: "danger", test: "emergency-start", done: start }),
    ],
  });

  async function start() {
    try {
      await openExam(app, "emergency", { token });
      sheet.close();
    } catch (error) {
      sheet.close();
      app.problem(error);
    }
  }

  return sheet;
}
