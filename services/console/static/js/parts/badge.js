/** A state as icon, word and colour: never colour alone. */

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

/** Icon and colour of every state; the word is `core.state.<name>`. */
export const STATES = {
  scheduled: ["clock", "plain"],
  arrived: ["person", "good"],
  ready: ["person", "good"],
  started_elsewhere: ["warning", "caution"],
  in_progress: ["camera", "accent"],
  completed: ["check", "good"],
  discontinued: ["stop_sign", "caution"],
  acquired: ["disk", "plain"],
  waiting: ["clock", "plain"],
  sending: ["send", "accent"],
  awaiting: ["clock", "accent"],
  stored: ["check", "good"],
  sent: ["check", "good"],
  committed: ["double_check", "good"],
  done: ["check", "good"],
  held: ["hold", "caution"],
  cancelled: ["close", "plain"],
  failed: ["stop_sign", "bad"],
  discarded: ["bin", "plain"],
  online: ["cloud", "good"],
  offline: ["cloud_off", "caution"],
  recording: ["record", "bad"],
  live: ["eye", "good"],
  stale: ["eye", "caution"],
  no_signal: ["eye", "bad"],
};

/**
 * @param {string} state a key of STATES
 * @param {string} [word] instead of the usual word
 */
export function badge(state, word) {
  const [name, colour] = STATES[state] || ["question", "plain"];
  return h(
    "span",
    { class: `badge badge-${colour}`, "data-state": state },
    icon(name),
    h("span", { class: "badge-word" }, word || t(`core.state.${state}`)),
  );
}
