/** The console's page: starts, shows screens, and never leaves the person without an answer. */

import * as api from "./core/api.js";
import { clear, h } from "./core/dom.js";
import { makeChrome } from "./core/chrome.js";
import { handsOff } from "./core/hands.js";
import { setLanguage, t } from "./core/i18n.js";
import { live } from "./core/live.js";
import { match } from "./core/router.js";
import { setVolume } from "./core/sound.js";
import { watchAtHand } from "./core/still-here.js";
import { dressPage } from "./core/theme.js";
import { banner, setNamePreference } from "./parts/banner.js";
import { confirmHold } from "./parts/confirm-hold.js";
import { closeProblem, problemPanel, showProblem } from "./parts/problem.js";
import { makeToasts } from "./parts/toast.js";
import { HOME, SCREENS } from "./screens/index.js";

let root = document.getElementById("screen");
const toast = makeToasts(document.getElementById("toasts"));

/** The link also ends when somebody was signed out: then the box answers, and says so. */
const SIGNED_OUT_MS = 500;

/** Screens that need nobody signed in. */
const OPEN = new Set(["signin", "about"]);

let facts = null;
let leave = null;
let turn = 0;

const app = {
  api, live, t, toast, confirmHold, banner,
  problem: (error) => showProblem(error, () => askToSignIn(error)),
  /** @param {string} route without the hash, such as `confirm/12` */
  go(route) {
    const hash = `#/${route.replace(/^#?\/?/, "")}`;
    if (location.hash === hash) return refresh();
    location.hash = hash;
    return undefined;
  },
  back: () => history.back(),
  /** What stands around the screen: `{title, bare}`; bare takes the navigation away. */
  frame: (options) => chrome.frame(options),
  get preferences() { return facts.preferences; },
  get role() { return facts.role; },
  get person() { return facts.person; },
  get facts() { return facts; },
  /** Ask the box again who is signed in and how the screen looks. */
  async reload() {
    await learn();
    await refresh();
  },
  refresh,
};

const chrome = makeChrome(app);

async function learn() {
  const language = facts && facts.preferences.language;
  facts = await api.get("/api/frame");
  dressPage(facts.preferences, facts);
  setVolume(facts.preferences.volume);
  setNamePreference(facts.preferences.names);
  if (facts.preferences.language !== language) {
    await setLanguage(facts.preferences.language);
    chrome.relabel();
  }
  if (facts.role === "nobody") {
    live.stop();
    chrome.coverAway();
  } else {
    live.start();
  }
}

/** Show the screen of the address anew. */
async function refresh() {
  turn += 1;
  const mine = turn;
  if (leave) leave();
  leave = null;
  // a place of its own: what a screen that was left still draws, late, is not seen by anybody
  const place = root.cloneNode(false);
  root.replaceWith(place);
  root = place;
  const found = match(location.hash || `#/${HOME}`, SCREENS);
  root.dataset.screen = found ? found.pattern.split("/")[0] : "nowhere";
  chrome.frame({ title: "", bare: false });
  chrome.mark(root.dataset.screen);
  try {
    if (!found) throw new api.ApiError({ code: "G-9007" });
    if (facts.role === "nobody" && !OPEN.has(found.pattern)) throw new api.ApiError({ code: "G-9101" });
    const screen = await found.load();
    if (mine !== turn) return;
    const left = await screen.show(place, found.params, app);
    // the person may have gone on while the screen was still coming
    if (mine !== turn) left();
    else leave = left;
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

/** Go to the sign-in, and come back here afterwards. */
function askToSignIn(error) {
  const to = encodeURIComponent(location.hash.replace(/^#\/?/, "") || HOME);
  location.replace(`#/signin?to=${to}&role=${(error.params && error.params.role) || "operator"}`);
}

function failed(error) {
  if (["G-9101", "G-9102"].includes(error.code) && root.dataset.screen !== "signin") {
    askToSignIn(error);
    return;
  }
  if (!error.code) console.error(error);
  clear(root).append(h("div", { class: "page" }, problemPanel(error)));
}

async function start() {
  try {
    await learn();
  } catch (error) {
    setTimeout(start, 1000);
    return;
  }
  document.body.dataset.ready = "yes";
  live.on("online", again);
  live.on("offline", () => setTimeout(() => learn().catch(() => {}), SIGNED_OUT_MS));
  window.addEventListener("hashchange", () => {
    closeProblem();
    refresh();
  });
  await refresh();
  watchAtHand(app);
}

let first = true;

/** The box answers again: whatever is on the screen may be old. */
async function again() {
  const news = !first;
  first = false;
  if (!news) return;
  await handsOff();
  app.reload().catch(failed);
}

start();
