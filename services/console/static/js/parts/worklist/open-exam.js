/** Opening an exam: once for each time that somebody means it, however often they tap. */

import { t } from "../../core/i18n.js";
import { personName } from "../../core/names.js";
import { sound } from "../../core/sound.js";
import { forgetScans } from "./pending.js";

/** A token for one intention. */
export function newToken() {
  return crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + performance.now();
}

/**
 * Ask the box to open it, then show it.
 * @param {any} app
 * @param {"start"|"unscheduled"|"emergency"} how
 * @param {Object} body
 */
export async function openExam(app, how, body) {
  const { exam } = await app.api.post(`/api/exams/${how}`, body);
  forgetScans();
  sound("done");
  app.toast("good", t("worklist.opened", { name: personName(exam.patient_name, app.preferences.names).main || exam.patient_id }));
  app.go("acquire");
}

/** Nothing that was half entered stays above the next screen. */
export function closeKeys() {
  for (const keys of document.querySelectorAll("dialog.keys-sheet[open]")) {
    keys.dispatchEvent(new Event("cancel", { cancelable: true }));
  }
}
