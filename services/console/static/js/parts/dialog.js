/** A sheet above the screen: the browser's own modal dialog, which keeps the focus inside. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button } from "./button.js";

let count = 0;

/**
 * @param {Object} options
 * @param {string} options.title
 * @param {any} options.content Node, text or a list of them
 * @param {any[]} [options.actions] buttons, the safest first
 * @param {string} options.test value of data-test
 * @param {"plain"|"warning"|"stop"} [options.kind]
 * @param {boolean} [options.closable] whether it can be closed without an action
 * @param {() => void} [options.closed] called once when it is gone
 * @returns {{element: HTMLDialogElement, close: () => void}}
 */
export function openDialog({ title, content, actions = [], test, kind = "plain", closable = true, closed }) {
  count += 1;
  const id = `sheet-title-${count}`;
  const away = closable &&
    button({ label: t("core.close"), icon: "close", kind: "quiet", test: `${test}-close`, iconOnly: true, press: close });
  const element = h(
    "dialog",
    { class: `sheet sheet-${kind}`, "data-test": test, "aria-labelledby": id },
    h("header", { class: "sheet-head" }, h("h2", { id }, title), away),
    h("div", { class: "sheet-body" }, content),
    actions.length > 0 && h("footer", { class: "sheet-actions" }, actions),
  );
  let open = true;

  function close() {
    if (!open) return;
    open = false;
    element.close();
    element.remove();
    if (closed) closed();
  }

  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (closable) close();
  });
  document.body.append(element);
  element.showModal();
  return { element, close };
}
