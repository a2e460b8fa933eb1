// The newest runs of all schedules. New ones wait above the table until somebody asks for them.

import { get } from "./api.js";
import { button, empty, h, icon } from "./dom.js";
import { RunTable, showWaiting } from "./history.js";
import * as live from "./live.js";
import { arrive } from "./router.js";

export function runsView(main, route, signal) {
  const heading = h("h1", "Runs");
  const table = new RunTable({ withNames: true, label: "Runs, newest first" });
  const place = h("div.list-place", h("p.loading", "Loading…"));
  let waiting = [];
  const label = document.createTextNode("");
  const show = button([icon("refresh"), label], () => {
    table.add(waiting);
    waiting = [];
    show.classList.add("is-away");
    if (!table.element.isConnected) place.replaceChildren(table.element);
  }, { kind: "changed is-away" });
  main.append(h("div.title-row", heading, h("p.summary", "Newest first"), h("span.grow"), show), place);
  arrive(heading, "Runs");

  const load = async () => {
    try {
      const { runs } = await get("/runs?limit=100", { signal });
      table.add(runs);
      if (runs.length > 0) place.replaceChildren(table.element);
      else place.replaceChildren(empty("Nothing has run yet.",
        h("p", "A run appears here as soon as a daemon has sent its message.")));
    } catch (error) {
      if (error.name === "AbortError" || table.element.isConnected) return;
      place.replaceChildren(empty("The runs cannot be shown.", h("p", error.message)));
    }
  };
  live.watch([]);
  live.on("runs", ({ runs }) => {
    waiting = [...runs, ...waiting].slice(0, 200);
    showWaiting(label, waiting.length);
    show.classList.remove("is-away");
  }, signal);
  live.on("again", load, signal);
  load();
}
