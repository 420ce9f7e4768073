/** A code scanned at the worklist: one match opens it, everything else is explained. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { sound } from "../../core/sound.js";
import { watchScanner } from "../../core/scanner.js";
import { button } from "../button.js";
import { openDialog } from "../dialog.js";
import { problemPanel } from "../problem.js";
import { newToken, openExam } from "./open-exam.js";
import { keepScan } from "./pending.js";
import { worklistRow } from "./row.js";

/** Codes from the scanner at this screen and from those at the box; returns what ends it. */
export function listenForCodes(app, take) {
  const wedge = watchScanner(take);
  const pushed = app.live.on("scan", (message) => { if (message.scanned) take(message.scanned); });
  return () => {
    wedge();
    pushed();
  };
}

/** Do what a code means for the worklist. */
export function makeScanning(app, today) {
  let busy = false;
  let sheet = null;
  let gone = false;

  async function take(text) {
    if (busy) return;
    busy = true;
    try {
      const found = await app.api.post("/api/scan", { text });
      if (!gone) await follow(found, text);
    } catch (error) {
      if (!gone) app.problem(error);
    } finally {
      busy = false;
    }
  }

  async function follow(found, text) {
    if (sheet) sheet.close();
    if (found.meant !== "one") {
      explain(found, text);
      return;
    }
    const [row] = found.rows;
    if (found.sure) {
      await openExam(app, "start", { keys: [row.key], confirmed: { by: "scan", scans: [text] }, token: newToken() });
      return;
    }
    sound("done");
    confirm([row.key], text, found.agreed.length);
  }

  function confirm(keys, text, common = 0) {
    keepScan(keys.join(","), text, common);
    app.go(`confirm/${encodeURIComponent(keys.join(","))}`);
  }

  function explain(found, text) {
    sound("refused");
    const together = found.meant === "several" && found.one_patient;
    const choose = (keys) => {
      sheet.close();
      confirm(keys, text);
    };
    const mayOpen = found.meant !== "contradiction";
    sheet = openDialog({
      title: t("worklist.scan.title"),
      test: "scan-sheet",
      kind: "warning",
      content: [
        problemPanel(found.problem),
        mayOpen && h("div", { class: "wl-choices" }, found.rows.map((row) =>
          worklistRow(row, { names: app.preferences.names, today: today(), press: () => choose([row.key]) }))),
      ],
      actions: [
        button({ label: t("core.close"), icon: "close", test: "scan-close", press: () => sheet.close() }),
        together && button({ label: t("worklist.scan.together"), icon: "plus", kind: "primary", test: "scan-together",
          press: () => choose(found.rows.map((row) => row.key)) }),
      ].filter(Boolean),
      closed: () => { sheet = null; },
    });
  }

  return {
    take,
    leave() {
      gone = true;
      if (sheet) sheet.close();
    },
  };
}
