/** Which screen is shown: by the address behind the hash, `#/name/part?key=value`. */

/**
 * @typedef {Object} Match
 * @property {string} pattern
 * @property {() => Promise<any>} load
 * @property {Object<string, string>} params parts of the address and of its query, by name
 */

/**
 * @param {string} hash
 * @param {Object<string, () => Promise<any>>} screens loaders by pattern, such as `confirm/:key`
 * @returns {Match|null}
 */
export function match(hash, screens) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean);
  for (const [pattern, load] of Object.entries(screens)) {
    const params = fit(pattern.split("/"), parts);
    if (params) return { pattern, load, params: { ...params, ...Object.fromEntries(new URLSearchParams(query)) } };
  }
  return null;
}

function fit(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (let index = 0; index < parts.length; index += 1) {
    if (pattern[index].startsWith(":")) params[pattern[index].slice(1)] = decodeURIComponent(parts[index]);
    else if (pattern[index] !== parts[index]) return null;
  }
  return params;
}

/** The address of a screen: name and parts, safely put together. */
export function route(name, parts = [], query = {}) {
  const path = [name, ...parts.map(encodeURIComponent)].join("/");
  const asked = new URLSearchParams(query).toString();
  return `#/${path}${asked ? `?${asked}` : ""}`;
}
