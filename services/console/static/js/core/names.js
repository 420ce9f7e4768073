/** A person's name (DICOM PN) by the representation that the reader prefers. */

const GROUPS = ["alphabetic", "ideographic", "phonetic"];

/**
 * The groups of a PN value, readable.
 * @param {string} raw such as `Yamada^Tarou=山田^太郎=やまだ^たろう`
 * @returns {{alphabetic: string, ideographic: string, phonetic: string}}
 */
export function groups(raw) {
  const found = {};
  const parts = String(raw || "").split("=");
  GROUPS.forEach((group, index) => {
    found[group] = readable(parts[index] || "", group);
  });
  return found;
}

function readable(text, group) {
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = text.split("^").map((part) => part.trim());
  const rest = [prefix, given, middle].filter(Boolean).join(" ");
  const end = suffix ? `, ${suffix}` : "";
  if (group === "alphabetic") return [family, rest].filter(Boolean).join(", ") + end;
  return [family, rest].filter(Boolean).join(" ") + end;
}

/**
 * The preferred group large, the others small.
 * @param {string} raw
 * @param {string} preferred
 * @returns {{main: string, others: string[]}}
 */
export function personName(raw, preferred = "alphabetic") {
  const found = groups(raw);
  const main = found[preferred] || GROUPS.map((group) => found[group]).find(Boolean) || "";
  return { main, others: GROUPS.map((group) => found[group]).filter((text) => text && text !== main) };
}

/** One or two letters that stand for a person in the banner. */
export function initials(raw) {
  const [family = "", given = ""] = String(raw || "").split("=").find(Boolean)?.split("^") || [];
  const letters = [family, given].map((part) => [...part.trim()][0] || "").join("");
  return letters.toLocaleUpperCase() || "?";
}
