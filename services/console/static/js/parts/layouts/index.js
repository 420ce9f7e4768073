/** Keyboards by language: layers of rows, as people know them from their own keyboards. */

const LATIN = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const DIGITS = { name: "123", rows: ["1234567890", "-'.,/()&+@", "#:;?_*!=%\""] };

const LOADERS = {
  en: () => import("./en.js"),
  de: () => import("./de.js"),
  fr: () => import("./fr.js"),
  es: () => import("./es.js"),
  pl: () => import("./pl.js"),
  ru: () => import("./ru.js"),
  ar: () => import("./ar.js"),
  ja: () => import("./ja.js"),
};

/**
 * @typedef {{name: string, rows: string[]}} Layer
 * @param {string} language
 * @returns {Promise<Layer[]>} the first is shown first; digits are the last
 */
export async function layers(language) {
  const load = LOADERS[language] || LOADERS.en;
  const found = (await load()).default;
  return [...found, DIGITS];
}

/** Latin letters for languages that write with others. */
export const LATIN_LAYER = { name: "abc", rows: LATIN };
