/** How the screen looks and sounds. */

import { fill, h } from "../core/dom.js";
import { setVolume, sound } from "../core/sound.js";
import { button } from "../parts/button.js";

const STEP = 10;

export async function show(root, params, app) {
  app.frame({ title: app.t("settings.title") });
  const place = h("div", { class: "page" });
  root.append(place);
  draw();

  function draw() {
    const chosen = app.preferences;
    const word = (key) => (value) => app.t(`settings.${key}.${value}`);
    fill(place,
      choice("language", app.facts.languages.map((each) => each.code),
        (code) => app.facts.languages.find((each) => each.code === code).name),
      choice("theme", ["dark", "light"], word("theme")),
      choice("hand", ["right", "left"], word("hand")),
      choice("names", ["alphabetic", "ideographic", "phonetic"], word("names")),
      level("volume", 0),
      chosen.dimmable ? level("brightness", 10) : null);
  }

  function choice(key, values, name) {
    return h("section", { class: "section", role: "group", "aria-label": app.t(`settings.${key}`) },
      h("h2", {}, app.t(`settings.${key}`)),
      h("div", { class: "choices" }, values.map((value) =>
        button({ label: name(value), test: `settings-${key}-${value}`, pressed: app.preferences[key] === value,
          press: () => change({ [key]: value }) }))));
  }

  function level(key, lowest) {
    const now = app.preferences[key];
    const to = (by) => change({ [key]: String(Math.max(lowest, Math.min(100, now + by))) });
    return h("section", { class: "section", role: "group", "aria-label": app.t(`settings.${key}`) },
      h("h2", {}, app.t(`settings.${key}`)),
      h("div", { class: "slider" },
        button({ label: app.t(`settings.${key}.less`), icon: "minus", iconOnly: true, test: `settings-${key}-less`,
          disabled: now <= lowest, press: () => to(-STEP) }),
        h("output", { class: "slider-value", "data-test": `settings-${key}` }, `${now} %`),
        button({ label: app.t(`settings.${key}.more`), icon: "plus", iconOnly: true, test: `settings-${key}-more`,
          disabled: now >= 100, press: () => to(STEP) })));
  }

  async function change(chosen) {
    const at = root.scrollTop;
    try {
      await app.api.post("/api/preferences", chosen);
    } catch (error) {
      app.problem(error);
      return;
    }
    if (chosen.volume !== undefined) {
      setVolume(chosen.volume);
      sound("done");
    }
    await app.reload();
    root.scrollTop = at;
  }

  return () => {};
}
