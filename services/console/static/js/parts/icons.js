/** Our own drawings, 24 by 24, strokes in the colour of the text. */

import { s } from "../core/dom.js";

const PATHS = {
  list: ["M4 6h16", "M4 12h16", "M4 18h10"],
  camera: ["M4 8h4l2-3h4l2 3h4v11H4z", "M12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"],
  record: ["M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z"],
  stop: ["M7 7h10v10H7z"],
  exams: ["M4 5h7v6H4z", "M13 5h7v6h-7z", "M4 13h7v6H4z", "M13 13h7v6h-7z"],
  menu: ["M5 5h4v4H5z", "M15 5h4v4h-4z", "M5 15h4v4H5z", "M15 15h4v4h-4z"],
  back: ["M15 5l-7 7 7 7"],
  forward: ["M9 5l7 7-7 7"],
  up: ["M5 15l7-7 7 7"],
  down: ["M5 9l7 7 7-7"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  check: ["M5 13l5 5 9-11"],
  double_check: ["M2 13l4 4 7-9", "M11 16l2 1 8-10"],
  clock: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M12 7v5l3 3"],
  warning: ["M12 4l9 16H3z", "M12 10v4", "M12 17v.5"],
  stop_sign: ["M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7z", "M12 8v5", "M12 16v.5"],
  question: ["M9 9a3 3 0 1 1 4 2.8c-.8.4-1 1-1 2.2", "M12 17.5v.5", "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4 21c1-5 4-7 8-7s7 2 8 7"],
  lock: ["M6 11h12v9H6z", "M8 11V8a4 4 0 0 1 8 0v3"],
  gear: ["M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z", "M12 3v3", "M12 18v3", "M3 12h3", "M18 12h3",
    "M5.6 5.6l2.1 2.1", "M16.3 16.3l2.1 2.1", "M5.6 18.4l2.1-2.1", "M16.3 7.7l2.1-2.1"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2v3", "M12 19v3", "M2 12h3", "M19 12h3",
    "M5 5l2 2", "M17 17l2 2", "M5 19l2-2", "M17 7l2-2"],
  speaker: ["M4 10v4h4l5 4V6L8 10z", "M16 9a4 4 0 0 1 0 6"],
  globe: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M3 12h18", "M12 3c3 3 3 15 0 18", "M12 3c-3 3-3 15 0 18"],
  hand: ["M7 21l-3-6 2-1 2 2V5h2v6-8h2v8-7h2v8-5h2v9l-2 5z"],
  send: ["M3 12l18-8-6 17-4-7z"],
  resend: ["M4 12a8 8 0 0 1 14-5l2 2", "M20 4v5h-5", "M20 12a8 8 0 0 1-14 5l-2-2", "M4 20v-5h5"],
  hold: ["M8 5v14", "M16 5v14"],
  bin: ["M5 7h14", "M9 7V4h6v3", "M7 7l1 13h8l1-13"],
  undo: ["M4 9h10a5 5 0 0 1 0 10h-3", "M8 5L4 9l4 4"],
  printer: ["M7 9V4h10v5", "M5 9h14v8h-3", "M8 14h8v6H8z", "M8 17H5V9"],
  scan: ["M4 8V4h4", "M16 4h4v4", "M20 16v4h-4", "M8 20H4v-4", "M8 9v6", "M11 9v6", "M14 9v6", "M16.5 9v6"],
  plus: ["M12 5v14", "M5 12h14"],
  minus: ["M5 12h14"],
  search: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z", "M15.5 15.5L21 21"],
  cloud: ["M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5a4.5 4.5 0 0 1-.5 8.5z"],
  cloud_off: ["M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5a4.5 4.5 0 0 1-.5 8.5z", "M4 3l16 18"],
  disk: ["M4 6h16v12H4z", "M4 14h16", "M16.5 16.2v.1"],
  emergency: ["M12 4v16", "M5 8l14 8", "M19 8L5 16"],
  keyboard: ["M3 6h18v12H3z", "M7 10h.1", "M11 10h.1", "M15 10h.1", "M8 14h8"],
  erase: ["M9 6h12v12H9l-6-6z", "M12 9.5l5 5", "M17 9.5l-5 5"],
  shift: ["M12 4l8 8h-4v7H8v-7H4z"],
  enter: ["M19 6v7H6", "M10 9l-4 4 4 4"],
  info: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 11v6", "M12 7v.5"],
  eye: ["M2 12c5-8 15-8 20 0-5 8-15 8-20 0z", "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"],
  play: ["M7 4l13 8-13 8z"],
  wrench: ["M14 7a4.5 4.5 0 0 1 6-3l-3 3 1 2 2 1 3-3a4.5 4.5 0 0 1-6 6l-8 8-3-3z"],
  sign_out: ["M10 4H4v16h6", "M9 12h12", "M17 8l4 4-4 4"],
};

const FILLED = new Set(["record", "stop", "play"]);
const MIRRORED = new Set(["back", "forward", "undo", "sign_out", "enter", "send", "erase"]);

/**
 * A drawing; it says nothing to a screen reader, since words stand beside it.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const kinds = ["icon", FILLED.has(name) && "icon-filled", MIRRORED.has(name) && "icon-mirrored"];
  return s(
    "svg",
    { class: kinds.filter(Boolean).join(" "), viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    (PATHS[name] || PATHS.question).map((d) => s("path", { d })),
  );
}

export const ICONS = Object.keys(PATHS);
