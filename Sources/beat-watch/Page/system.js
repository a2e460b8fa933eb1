// The system: daemons, lease, store, broker, outbox, what doctor finds, and how busy it has been.

import { get } from "./api.js";
import { busyButton, command, empty, facts, fill, h } from "./dom.js";
import * as live from "./live.js";
import { latePlot, ratePlot } from "./plot.js";
import { levels, worstFirst } from "./remarks.js";
import { arrive } from "./router.js";
import { ago, eachSecond, full, length } from "./time.js";
import { markTime } from "./timetip.js";
import { number, plural } from "./words.js";

const healthTitles = { ok: "All is well", degraded: "Something needs a look", down: "Nothing is fired" };
const levelOf = { ok: "ok", degraded: "warning", down: "error" };

const panel = (title, ...content) => h("section.panel", h("h2", title), content);

function healthPanel({ health }) {
  const level = levelOf[health.status] ?? "note";
  return h("section", { class: `panel health level-${level}` }, h("span.dot"),
    h("div", h("h2", healthTitles[health.status] ?? health.status), h("p", health.text), command(health.command)));
}

function daemonRow(daemon) {
  const since = h("span");
  eachSecond(since, () => (daemon.since ? ago(daemon.since) : "–"));
  markTime(since, daemon.since);
  return h("li", { class: daemon.is_leading ? "is-leading" : "" },
    h("div.line", h("strong", daemon.host ?? daemon.instance),
      h("span", { class: `tag ${daemon.is_leading ? "accent" : ""}` },
        daemon.is_leading ? "leader, fires" : "standby")),
    h("p", daemon.text),
    facts([
      ["Process", daemon.process_id && String(daemon.process_id)], ["Version", daemon.version], ["Started", since],
      ["Schedules", daemon.schedules !== null && number(daemon.schedules)],
      ["Rejected", daemon.rejected !== null && number(daemon.rejected)],
      ["Instance", h("code", daemon.instance)],
    ]));
}

function daemonsPanel({ daemons = [], lease }) {
  const list = daemons.length > 0 ? h("ul.daemons", daemons.map(daemonRow))
    : empty("No daemon is running.", h("p", "Schedules can be changed meanwhile; nothing is fired."),
      command("beat-watch run"));
  return panel("Daemons", list, h("p.hint", leaseWords(lease)));
}

function leaseWords(lease) {
  if (!lease) return "Nobody holds the lease.";
  const left = lease.expires_in ?? null;
  const rest = left === null ? "" : `, for another ${length(Math.max(0, left))}`;
  return `The lease is held by ${lease.holder ?? "nobody"}${rest}.`;
}

function serversPanel({ store, broker, outbox }) {
  return panel("Store and broker", facts([
    ["Store", store && `${store.kind} ${store.version ?? ""}`],
    ["Address", store && h("code", store.name)],
    ["Reachable", store && (store.reachable && !store.message ? "yes" : h("span.bad", store.message ?? "no"))],
    ["Broker", broker?.url ? h("code", broker.url) : "the store itself"],
    ["Delivery", broker?.delivery],
    ["Outbox", outbox && `${plural(outbox.waiting, "message")} waiting`],
    ["Set aside",
      outbox && h("span", { class: outbox.set_aside > 0 ? "bad" : "" }, plural(outbox.set_aside, "message"))],
  ]));
}

function activityPanels(activity) {
  if (!activity.points?.length) return [panel("Activity", empty("Nothing has run in the last hours."))];
  const total = activity.points.reduce((sum, { fires }) => sum + fires, 0);
  const span = length(activity.step * activity.points.length);
  return [
    panel("Runs", h("p.hint", `${plural(total, "run")} in the last ${span}, in steps of ${length(activity.step)}`),
      ratePlot(activity)),
    panel("Lateness", h("p.hint", `From the due time to the message on its queue, in the last ${span}`),
      latePlot(activity)),
  ];
}

const findings = (list) =>
  h("ul.findings", worstFirst(list).map(({ level, title, text, command: line }) =>
    h("li", { class: `level-${level}` }, h("span.level", levels[level] ?? level),
      h("div", h("h3", title), text && h("p", text), command(line)))));

export function systemView(main, route, signal) {
  const heading = h("h1", "System");
  const checked = h("p.summary");
  const top = h("div.stack", h("p.loading", "Loading…"));
  const activity = h("div.two");
  const doctor = h("div", h("p.loading", "Looking…"));
  const again = busyButton("Look again", () => examine());
  main.append(h("div.title-row", heading, checked), h("div.stack", top, activity,
    h("section.panel", h("div.line", h("h2", "Doctor"), h("span.grow"), again),
      h("p.hint", "What beat-watch doctor finds in the servers, the daemons and the documents, the worst first."),
      doctor)));
  arrive(heading, "System");

  const problem = (place, error) => {
    if (error.name !== "AbortError") place.replaceChildren(empty("This cannot be shown now.", h("p", error.message)));
  };
  const show = (system) => {
    top.replaceChildren(healthPanel(system), h("div.two", daemonsPanel(system), serversPanel(system)));
    const at = new Date().toISOString();
    eachSecond(checked, () => `As of ${ago(at)}`);
    checked.title = full(at);
  };
  const load = () => get("/system", { signal }).then(show).catch((error) => problem(top, error));
  const plots = async () => {
    try {
      fill(activity, activityPanels(await get("/system/activity?minutes=180", { signal })));
    } catch (error) {
      problem(activity, error);
    }
  };
  const examine = async () => {
    try {
      fill(doctor, findings((await get("/system/doctor", { signal })).findings));
    } catch (error) {
      problem(doctor, error);
    }
  };

  live.watch([]);
  live.on("system", show, signal);
  live.on("again", load, signal);
  const timer = setInterval(() => document.hidden || plots(), 60_000);
  signal.addEventListener("abort", () => clearInterval(timer));
  load();
  plots();
  examine();
}
