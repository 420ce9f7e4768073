/** Every screen by its address; a screen is loaded when it is first shown. */

export const HOME = "worklist";

export const SCREENS = {
  worklist: () => import("./worklist.js"),
  "confirm/:keys": () => import("./confirm.js"),
  unscheduled: () => import("./unscheduled.js"),
  resume: () => import("./resume.js"),
  acquire: () => import("./acquire.js"),
  "review/:uid": () => import("./review.js"),
  finish: () => import("./finish.js"),
  "finish/:exam": () => import("./finish.js"),
  exams: () => import("./exams.js"),
  "exam/:exam": () => import("./exam.js"),
  queue: () => import("./queue.js"),
  "print/:exam": () => import("./print.js"),
  films: () => import("./films.js"),
  "match/:exam": () => import("./match.js"),
  "match/:exam/:key": () => import("./match.js"),
  reconcile: () => import("./reconcile.js"),
  menu: () => import("./menu.js"),
  signin: () => import("./signin.js"),
  settings: () => import("./settings.js"),
  people: () => import("./people.js"),
  help: () => import("./help.js"),
  "help/:code": () => import("./help.js"),
  about: () => import("./about.js"),
  service: () => import("./technician/index.js"),
  "service/:tool": () => import("./technician/tool.js"),
  "service/:tool/:name": () => import("./technician/tool.js"),
};
