/** Choosing by which protocol the next pictures are taken. */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { badge } from "../badge.js";
import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { stateWords } from "../preview.js";

/**
 * @param {Object} options
 * @param {any[]} options.protocols as `/api/acquire` has them
 * @param {string} options.current
 * @param {{name: string, state: string}|null} options.source the source that runs now
 * @param {(name: string) => void} options.choose
 * @param {() => void} options.closed
 */
export function openProtocols({ protocols, current, source, choose, closed }) {
  const sheet = openDialog({
    title: t("acquire.protocol.title"),
    test: "protocols",
    content: h("ul", { class: "protocols" }, protocols.map((protocol) =>
      h("li", {}, h("button", {
        type: "button",
        class: "button button-plain protocol",
        "data-test": "protocol",
        "data-name": protocol.name,
        "aria-pressed": String(protocol.name === current),
        on: { click: () => { sheet.close(); choose(protocol.name); } },
      },
      icon(protocol.name === current ? "check" : "camera"),
      h("span", { class: "grow" },
        h("strong", { dir: "auto" }, protocol.name),
        h("span", { class: "protocol-facts quiet", dir: "auto" }, facts(protocol))),
      state(protocol, source))))),
    closed,
  });
  return sheet;
}

function facts(protocol) {
  return [
    protocol.description !== protocol.name && protocol.description,
    protocol.object,
    protocol.body_part,
    protocol.side && t(`core.side.${protocol.side}`),
    protocol.source,
    !protocol.clips && t("acquire.protocol.no_clips"),
  ].filter(Boolean).join(" · ");
}

/** Only the source that runs is known to be well or not. */
function state(protocol, source) {
  if (!source || source.name !== protocol.source) return null;
  return badge(source.state === "live" ? "live" : "no_signal", stateWords(source.state));
}
