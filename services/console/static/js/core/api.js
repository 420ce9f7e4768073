/** Asking the box. Nothing is queued: a request is answered now, or the person is told. */

const PATIENCE_MS = 20000;

/** A refusal with its four answers: what, are the data safe, what to do, and a code. */
export class ApiError extends Error {
  constructor({ code, params = {}, text = "", data = "yes", safe = "", todo = "" }, status = 0) {
    super(`${code}: ${text}`);
    this.name = "ApiError";
    Object.assign(this, { code, params, text, data, safe, todo, status });
  }
}

/** @param {string} path @returns {Promise<any>} */
export function get(path) {
  return ask(path, { method: "GET" });
}

/** @param {string} path @param {Object} [body] @returns {Promise<any>} */
export function post(path, body = {}) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gantry": "1" },
    body: JSON.stringify(body),
  });
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, {
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
  } catch (reason) {
    throw new ApiError({ code: "G-9006" });
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new ApiError((answer && answer.error) || { code: "G-9000" }, response.status);
}
