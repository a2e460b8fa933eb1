// The page's frame: who is there, the header, the banners, and which view is shown.

import * as api from "./api.js";
import { forgetChange, undoLast } from "./changes.js";
import { closeDialogs } from "./dialog.js";
import { clearDock, failed, setBanner, toast } from "./dock.js";
import { button, fill, h, iconButton, write } from "./dom.js";
import { editSchedule, newSchedule } from "./editor.js";
import { help, onKeys } from "./keys.js";
import { listView } from "./list.js";
import * as live from "./live.js";
import { showLogin } from "./login.js";
import * as router from "./router.js";
import { runsView } from "./runs.js";
import { scheduleView } from "./schedule.js";
import { systemView } from "./system.js";
import { clock } from "./time.js";
import { followTimes } from "./timetip.js";

const { session } = api;

const routes = [
  { name: "list", matches: ([first, id]) => first === "schedules" && !id, view: listView },
  { name: "editor", matches: ([first, id, rest]) => first === "schedules" && id && rest === "edit",
    view: editSchedule },
  { name: "schedule", matches: ([first, id]) => first === "schedules" && id, view: scheduleView },
  { name: "editor", matches: ([first]) => first === "new", view: newSchedule },
  { name: "runs", matches: ([first]) => first === "runs", view: runsView },
  { name: "system", matches: ([first]) => first === "system", view: systemView },
];

const links = [["list", "#/schedules", "Schedules"], ["runs", "#/runs", "Runs"], ["system", "#/system", "System"]];

function nextTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const isDark = (root.dataset.theme ?? system) === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function brand() {
  return h("a.brand", { href: "#/schedules" },
    h("img", { src: "/assets/icon.svg", alt: "", width: "22", height: "22" }), "beat-watch");
}

function header() {
  const nav = h("nav", { "aria-label": "Views" },
    links.map(([name, href, label]) => h("a", { href, "data-view": name }, label)));
  const state = h("span.live", { id: "live" }, h("span.dot"), h("span.live-text", "Connecting…"));
  fill(document.getElementById("top"),
    brand(), nav, h("span.grow"), state,
    h("span.store", { title: `${session.store ?? ""} ${session.prefix ?? ""}` }, session.store),
    h("span.who", session.user, session.user && " ", session.role === "viewer" && h("span.tag", "viewer")),
    iconButton("theme", "Switch between light and dark", nextTheme),
    iconButton("help", "Keys", help, { class: "button icon-only wide-only" }),
    session.login === "token" && button("Log out", logOut, { kind: "quiet" }));
}

function plainHeader() {
  document.getElementById("top").replaceChildren(brand(), h("span.grow"),
    iconButton("theme", "Switch between light and dark", nextTheme));
}

async function logOut() {
  try {
    await api.del("/session");
  } catch (error) {
    failed(error);
    return;
  }
  enter(nobody);
}

/** What the page knows after a session; strangers are not told the store either. */
const nobody = { role: null, user: null, csrf: null, store: null, prefix: null };

let isIn = false;

function enter(answer) {
  Object.assign(session, answer);
  if (session.role === null) {
    isIn = false;
    live.stop();
    router.stop();
    closeDialogs();
    clearDock();
    forgetChange();
    plainHeader();
    showLogin(document.getElementById("main"), session, enter);
    return;
  }
  header();
  live.start();
  if (isIn) return;
  isIn = true;
  if (!location.hash) history.replaceState(null, "", "#/schedules");
  if (isRouted) router.restart();
  else router.start(routes);
  isRouted = true;
}

let isRouted = false;

// MARK: what lasts

let lost = null;

const connectionWords = { connecting: "Connecting…", live: "Live", lost: "Reconnecting…" };

function showConnection(state) {
  const element = document.getElementById("live");
  if (!element) return;
  element.dataset.state = state;
  write(element.querySelector(".live-text"), connectionWords[state]);
  clearTimeout(lost);
  if (state === "live") {
    setBanner("offline", null);
    return;
  }
  const since = new Date().toISOString();
  lost = setTimeout(() => {
    if (!isIn || live.connection() === "live") return;
    const text = `The page shows what was known at ${clock(since)}. It tries again by itself.`;
    setBanner("offline", { title: "No connection to beat-watch web.", text });
  }, 3000);
}

function showStore({ reachable, message }) {
  const title = `${session.store ?? "The store"} cannot be reached.`;
  const lead = message ? `${message}. ` : "";
  const text = `${lead}The page shows what was known before. It goes on by itself when the store is back.`;
  setBanner("store", reachable ? null : { kind: "danger", title, text });
}

function showSystem({ health, store, daemons = [] }) {
  if (store) showStore(store);
  if (!health || health.status === "ok" || store?.reachable === false) {
    setBanner("daemon", null);
    return;
  }
  const isFired = daemons.some(({ is_leading: isLeading }) => isLeading);
  const title = isFired ? "The daemon needs a look." : "No daemon fires these schedules.";
  setBanner("daemon",
    { kind: health.status === "down" ? "danger" : "warning", title, text: health.text, command: health.command });
}

async function lookAtSystem() {
  try {
    showSystem(await api.get("/system"));
  } catch {
    // The banner about the connection or the store says it.
  }
}

live.on("state", showConnection);
// A stream that is opened while the store is away says so, and sends the system as it was known before.
let isStoreAway = false;

live.on("state", () => (isStoreAway = false));
live.on("store", (event) => {
  isStoreAway = !event.reachable;
  showStore(event);
});
live.on("system", (system) => isStoreAway || showSystem(system));
live.on("again", lookAtSystem);
live.on("refused", async () => {
  const answer = await api.get("/session").catch(() => null);
  if (answer?.role === null) leave();
});

function leave() {
  if (!isIn) return;
  enter(nobody);
  toast("You have been logged out.");
}

api.events.addEventListener("unauthorized", leave);

addEventListener("route", ({ detail }) => {
  for (const link of document.querySelectorAll("nav a")) {
    const isBelow = ["schedule", "editor"].includes(detail);
    const isHere = link.dataset.view === (isBelow ? "list" : detail);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
});

onKeys({
  "?": () => void help(),
  "u": () => void undoLast(),
  "n": () => router.go("#/new"),
  "g l": () => router.go("#/schedules"),
  "g r": () => router.go("#/runs"),
  "g s": () => router.go("#/system"),
  "/": () => {
    const search = document.getElementById("search");
    if (!search) router.go("#/schedules");
    else search.focus();
  },
});

followTimes();

/** Without an answer there is nothing to show but the reason; the page tries until there is one. */
async function begin(wait = 1000) {
  const main = document.getElementById("main");
  try {
    const answer = await api.get("/session");
    setBanner("offline", null);
    enter(answer);
    if (session.role) lookAtSystem();
  } catch (error) {
    plainHeader();
    if (!isIn) main.replaceChildren(h("p.loading", error.message, " The page tries again by itself."));
    setTimeout(() => begin(Math.min(wait * 2, 10_000)), wait);
  }
}

begin();
