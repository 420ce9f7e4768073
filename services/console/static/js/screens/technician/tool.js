/** One tool by its name; each is loaded when it is first shown. */

import { ApiError } from "../../core/api.js";

const TOOLS = {
  about: () => import("./about.js"),
  audit: () => import("./audit.js"),
  configuration: () => import("./configuration.js"),
  hands: () => import("./hands.js"),
  logs: () => import("./logs.js"),
  network: () => import("./network.js"),
  peers: () => import("./peers.js"),
  printers: () => import("./printers.js"),
  range: () => import("./wizard-range.js"),
  ruler: () => import("./wizard-ruler.js"),
  scanner: () => import("./scanner.js"),
  "self-test": () => import("./self-test.js"),
  settings: () => import("./settings.js"),
  sources: () => import("./sources.js"),
  storage: () => import("./storage.js"),
  support: () => import("./support.js"),
  time: () => import("./time.js"),
};

export async function show(root, params, app) {
  if (!TOOLS[params.tool]) throw new ApiError({ code: "G-9007" });
  const tool = await TOOLS[params.tool]();
  const leave = await tool.show(root, params, app);
  return () => {
    delete root.dataset.tool;
    leave();
  };
}
