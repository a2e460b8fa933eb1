// The stream of server-sent events: one connection for the whole page, which names the rows that are in sight.

const names = ["schedules", "runs", "receipts", "system", "store"];
const bus = new EventTarget();

/** A hidden page gives its connection back after this long: browsers allow a host only six of them. */
const patience = 20_000;

let source = null;
let ids = [];
let isWanted = false;
let retry = 1000;
let timer = null;
let state = "connecting";
let wasGone = false;

/** Hears the stream's events, `state`, `open`, `refused`, and `again` when events may have been missed. */
export function on(name, hear, signal) {
  bus.addEventListener(name, (event) => hear(event.detail), { signal });
}

export const connection = () => state;

const tell = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));

function setState(next) {
  if (state === next) return;
  const wasLost = state === "lost";
  state = next;
  tell("state", next);
  if (wasLost && next === "live") tell("again");
}

function open() {
  clearTimeout(timer);
  source?.close();
  if (!isWanted) return;
  const opened = new EventSource(`/api/v1/events${ids.length ? `?ids=${ids.map(encodeURIComponent).join(",")}` : ""}`);
  source = opened;
  for (const name of names) opened.addEventListener(name, (event) => hear(name, event.data));
  opened.addEventListener("open", () => {
    retry = 1000;
    setState("live");
    tell("open");
  });
  opened.addEventListener("error", () => {
    if (source !== opened) return;
    setState("lost");
    // A browser tries again by itself after a broken connection, but not after an answer such as 503.
    if (opened.readyState === EventSource.CLOSED) {
      tell("refused");
      timer = setTimeout(open, retry);
      retry = Math.min(retry * 2, 15_000);
    }
  });
}

function hear(name, data) {
  let detail;
  try {
    detail = JSON.parse(data);
  } catch {
    return;
  }
  tell(name, detail);
  // What the page asked for while the store was gone has not come.
  if (name === "store") {
    if (detail.reachable && wasGone) tell("again");
    wasGone = !detail.reachable;
  }
}

/** Asks for the events of these rows, besides those that come to every page. */
export function watch(next) {
  const same = next.length === ids.length && next.every((id, index) => id === ids[index]);
  if (same && source && source.readyState !== EventSource.CLOSED) return;
  ids = next.slice(0, 200);
  if (isWanted) {
    clearTimeout(timer);
    timer = setTimeout(open, 50);
  }
}

export function start() {
  isWanted = true;
  open();
}

export function stop() {
  isWanted = false;
  clearTimeout(timer);
  source?.close();
  source = null;
  // The next session's header begins with this state, and hears of another.
  state = "connecting";
}

let rest = null;

document.addEventListener("visibilitychange", () => {
  clearTimeout(rest);
  if (document.hidden) {
    rest = setTimeout(() => {
      if (!isWanted) return;
      source?.close();
      source = null;
    }, patience);
  } else if (isWanted && !source) {
    open();
    tell("again");
  }
});

// A page that a browser keeps for its back button must not keep the connection.
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (!event.persisted || !isWanted) return;
  open();
  tell("again");
});
