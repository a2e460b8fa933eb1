// Views by the address behind the hash, so that reload, back and a bookmark lead to the same place.

let routes = [];
let current = null;
let guard = null;
let accepted = location.hash;
let isOn = false;
let isAsking = false;

/** The number of the entry in the browser's history that is shown; a link makes an entry without one. */
let entry = 0;

function number(next) {
  entry = next;
  history.replaceState({ entry }, "");
}

/** The address in parts: `#/schedules/ID/edit?from=x`. */
export function parse(hash = location.hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  return { hash, path: path.split("/").filter(Boolean).map(safelyDecoded), query: new URLSearchParams(search) };
}

function safelyDecoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function go(hash) {
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** Writes the address of what is shown already. */
export function note(hash, { replace = false } = {}) {
  if (!replace) entry += 1;
  history[replace ? "replaceState" : "pushState"]({ entry }, "", hash);
  accepted = hash;
  if (current) current.route = parse();
}

/** Asks before the view is left; `null` takes the question back. */
export function setGuard(question) {
  guard = question;
}

export const scheduleHash = (id, rest = "") => `#/schedules/${encodeURIComponent(id)}${rest}`;

function show() {
  const route = parse();
  const match = routes.find(({ matches }) => matches(route.path)) ?? routes[0];
  accepted = location.hash;
  if (current?.match === match && current.update) {
    current.route = route;
    current.update(route);
    return;
  }
  current?.leave.abort();
  guard = null;
  const leave = new AbortController();
  const main = document.getElementById("main");
  main.replaceChildren();
  main.className = `view-${match.name}`;
  const before = current?.route;
  current = { match, leave, route };
  scrollTo(0, 0);
  current.update = match.view(main, route, leave.signal, before)?.update;
  dispatchEvent(new CustomEvent("route", { detail: match.name }));
}

/** Moves the focus to the view's heading, so that a screen reader says where it is. */
export function arrive(heading, title) {
  document.title = title ? `${title} · beat-watch` : "beat-watch";
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

async function follow() {
  if (!isOn || location.hash === accepted) return;
  const next = history.state?.entry ?? entry + 1;
  if (!guard) {
    number(next);
    show();
    return;
  }
  // While it is asked whether to leave, and after a no, the entry of the view is the one that is shown.
  const wanted = location.hash;
  const isLink = !history.state;
  history.go(entry - next);
  if (isAsking) return;
  isAsking = true;
  const isSure = await guard();
  isAsking = false;
  if (!isSure) return;
  guard = null;
  if (isLink) location.hash = wanted;
  else history.go(next - entry);
}

export function start(table) {
  routes = table;
  addEventListener("hashchange", follow);
  restart();
}

/** Ends the view that is shown, and shows the one of the address anew. */
export function restart() {
  stop();
  isOn = true;
  number(history.state?.entry ?? entry + 1);
  show();
}

export function stop() {
  current?.leave.abort();
  current = null;
  guard = null;
  isOn = false;
}

addEventListener("beforeunload", (event) => {
  if (guard) event.preventDefault();
});
