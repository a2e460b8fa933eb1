// Runs as rows of a table: of one schedule, or of all.

import { h, write } from "./dom.js";
import { scheduleHash } from "./router.js";
import { clock, lateKind, length } from "./time.js";
import { markTime } from "./timetip.js";
import { plural, runReason } from "./words.js";

const columns = [
  ["Fired", "r-fired"], ["Due", "r-due"], ["Late", "r-late"], ["Why", "r-why"], ["Queue", "r-queue"],
  ["Task id", "r-task"], ["Daemon", "r-daemon"],
];

const keyOf = (run) => `${run.id} ${run.due} ${run.fired_at}`;

/** At most so many rows are kept. */
const most = 200;

export class RunTable {
  constructor({ withNames = false, zone = null, label }) {
    this.withNames = withNames;
    this.zone = zone;
    this.keys = new Set();
    this.body = h("tbody", { role: "rowgroup" });
    const titles = withNames ? [["Schedule", "r-name"], ...columns] : columns;
    this.titles = titles;
    this.element = h("table", { class: `runs ${withNames ? "with-names" : ""}`, role: "table", "aria-label": label },
      h("thead", { role: "rowgroup" },
        h("tr", { role: "row" },
        titles.map(([title, kind]) => h("th", { role: "columnheader", scope: "col", class: kind }, title)))),
      this.body);
  }

  /** Puts runs above the others, newest first; those that are there already are left out. */
  add(runs) {
    const fresh = runs.filter((run) => !this.keys.has(keyOf(run)));
    for (const run of fresh) this.keys.add(keyOf(run));
    // Not every history knows the queue and the daemon of a run.
    for (const part of ["queue", "daemon"]) {
      if (fresh.some((run) => run[part])) this.element.classList.add(`has-${part}`);
    }
    this.body.prepend(...fresh.map((run) => this.#row(run)));
    while (this.body.childElementCount > most) this.body.lastElementChild.remove();
    return fresh;
  }

  #row(run) {
    const titleOf = (kind) => this.titles.find(([, each]) => kind.startsWith(each))?.[0];
    const cell = (kind, content, title) => h("td", { role: "cell", class: kind, "data-label": titleOf(kind), title },
      content);
    const fired = cell("r-fired", clock(run.fired_at));
    const due = cell("r-due", clock(run.due));
    markTime(fired, run.fired_at, this.zone);
    markTime(due, run.due, this.zone);
    return h("tr", { role: "row" },
      this.withNames && cell("r-name", h("a", { href: scheduleHash(run.id) }, run.name ?? run.id), run.name),
      fired, due, cell(`r-late ${lateKind(run.late ?? 0)}`, length(run.late)),
      cell("r-why", runReason(run.reason)), cell("r-queue", run.queue ?? "–", run.queue),
      cell("r-task", h("code", run.task_id ?? "–"), run.task_id), cell("r-daemon", run.daemon ?? "–", run.daemon));
  }
}

export const showWaiting = (element, count) => write(element, `${plural(count, "new run")}: show`);
