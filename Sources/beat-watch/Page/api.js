// The JSON API. Each failure is an APIError whose message is a sentence for people.

const root = "/api/v1";

export class APIError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `The server answered with status ${status}.`);
    this.status = status;
    this.code = body?.error?.code ?? "unknown";
    this.body = body ?? {};
  }

  get remarks() {
    return this.body.remarks ?? this.body.error?.remarks ?? [];
  }
}

/** Who looks at the page; `main.js` fills it. */
export const session = { user: null, role: null, login: "none", csrf: null };

export const mayEdit = () => session.role === "editor";

/** Hears `unauthorized`: the session has ended. */
export const events = new EventTarget();

async function request(method, path, options = {}) {
  const { body, signal, isRepeated = false } = options;
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && session.csrf) headers["X-CSRF-Token"] = session.csrf;
  let response;
  try {
    const text = body && JSON.stringify(body);
    response = await fetch(root + path, { method, headers, signal, body: text, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new APIError(0,
      { error: { code: "offline", message: "beat-watch web does not answer. Is it still running?" } });
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 403 && method !== "GET" && !isRepeated && (await hasNewSession())) {
    return request(method, path, { ...options, isRepeated: true });
  }
  if (response.status === 401 && path !== "/session") events.dispatchEvent(new Event("unauthorized"));
  throw new APIError(response.status, answer);
}

/** A server that was started anew has another CSRF token than this page. */
async function hasNewSession() {
  const { csrf } = session;
  Object.assign(session, await request("GET", "/session").catch(() => null));
  return session.csrf !== csrf && session.csrf !== null;
}

export const get = (path, options) => request("GET", path, options);
export const post = (path, body = {}, options) => request("POST", path, { body, ...options });
export const put = (path, body) => request("PUT", path, { body });
export const del = (path, body) => request("DELETE", path, { body });

export const schedulePath = (id, rest = "") => `/schedules/${encodeURIComponent(id)}${rest}`;

export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
