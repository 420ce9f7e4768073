/** Ask once more, and take only a held button for a yes. */

import { t } from "../core/i18n.js";
import { button } from "./button.js";
import { openDialog } from "./dialog.js";
import { holdButton } from "./hold-button.js";

/**
 * @param {{title: string, text: any, label: string, icon?: string, kind?: string, test: string}} options
 * @returns {Promise<boolean>}
 */
export function confirmHold({ title, text, label, icon, kind = "danger", test }) {
  return new Promise((resolve) => {
    let answer = false;
    const end = (said) => {
      answer = said;
      sheet.close();
    };
    const sheet = openDialog({
      title,
      content: text,
      test,
      kind: kind === "danger" ? "warning" : "plain",
      actions: [
        button({ label: t("core.cancel"), icon: "close", test: `${test}-no`, press: () => end(false) }),
        holdButton({ label, icon, kind, test: `${test}-yes`, done: () => end(true) }),
      ],
      closed: () => resolve(answer),
    });
  });
}
