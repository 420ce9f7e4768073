/** Every screen by its address; a screen is loaded when it is first shown. */

export const HOME = "worklist";

export const SCREENS = {
  acquire: () => import("./acquire.js"),
  menu: () => import("./menu.js"),
};
