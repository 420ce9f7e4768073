/** How the page looks on this panel: theme, hand, size of controls. */

const TARGET_MM = 20;
const MOUSE_TARGET_PX = 44;

/**
 * @param {{theme: string, hand: string}} preferences
 * @param {{kiosk: boolean, panel_width_mm: number}} frame
 */
export function dressPage(preferences, frame) {
  const root = document.documentElement;
  root.dataset.theme = preferences.theme;
  root.dataset.hand = preferences.hand;
  root.dataset.kiosk = frame.kiosk ? "yes" : "no";
  root.style.setProperty("--target", `${targetPx(frame)}px`);
}

/** 20 mm in pixels of the panel; where the page is not on the panel, what a mouse needs. */
export function targetPx(frame) {
  if (!frame.kiosk) return MOUSE_TARGET_PX;
  const longer = Math.max(window.screen.width, window.screen.height);
  return Math.ceil((longer / frame.panel_width_mm) * TARGET_MM);
}
