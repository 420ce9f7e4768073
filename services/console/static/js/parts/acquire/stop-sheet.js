/** Another patient's code was scanned: everything stops until it is clear who is there. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { sound } from "../../core/sound.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { holdButton } from "../hold-button.js";
import { icon } from "../icons.js";
import { problemWords } from "../problem.js";

const REPEAT_MS = 4000;

/**
 * The sheet fills the screen and goes away only when the box says that it is settled.
 * @param {any} app
 * @param {any} exam
 * @param {() => void} finish leads to the end of the exam
 */
export function openStop(app, exam, finish) {
  const words = problemWords({ code: "G-2103" });
  const sheet = openDialog({
    title: t("acquire.stop.title"),
    test: "stop",
    kind: "stop",
    closable: false,
    content: h("div", { class: "stop" },
      h("p", { class: "stop-what" }, icon("stop_sign"), h("strong", {}, words.todo)),
      h("p", {}, t("acquire.stop.this_exam")),
      app.banner(exam),
      h("p", {}, words.what),
      h("p", { class: "quiet" }, t("core.problem.safe"), " ", words.safe, " ", t("core.problem.code", { code: words.code }))),
    actions: [
      button({ label: t("acquire.stop.another"), icon: "person", test: "stop-finish", press: () => { close(); finish(); } }),
      holdButton({ label: t("acquire.stop.same"), icon: "check", kind: "danger", test: "stop-same", done: confirm }),
    ],
  });
  const alarm = setInterval(() => sound("refused"), REPEAT_MS);
  sound("refused");

  async function confirm() {
    try {
      await app.api.post("/api/at-hand/confirm", {
        exam: exam.exam, confirmed: { by: "hold", identifiers: exam.identifiers },
      });
      close();
    } catch (error) {
      app.problem(error);
    }
  }

  function close() {
    clearInterval(alarm);
    sheet.close();
  }

  return { close };
}
