// One schedule: what it says, when it runs, what became of its runs and of its last edit, and why.

import { get, schedulePath } from "./api.js";
import * as changes from "./changes.js";
import { editButton } from "./changes.js";
import { button, empty, facts, fill, h, icon, write } from "./dom.js";
import { highlighted } from "./highlight.js";
import { RunTable } from "./history.js";
import { onKeys } from "./keys.js";
import { listHash } from "./list.js";
import * as live from "./live.js";
import { latenessPlot, latenessSummary } from "./plot.js";
import { remarkList } from "./remarks.js";
import { arrive, go, scheduleHash } from "./router.js";
import { ago, clock, eachSecond, full, length, until, viewerZone } from "./time.js";
import { markTime } from "./timetip.js";
import { upcomingList } from "./upcoming.js";
import { number, stateMeaning, stateWords } from "./words.js";

/** Runs come each second perhaps; what has to be asked for anew is asked this seldom. */
const pause = 8000;

const timeSpan = (words, text, zone) => {
  const element = h("span.time", { tabindex: "0" });
  eachSecond(element, words);
  markTime(element, text, zone);
  return element;
};

const panel = (title, id, ...content) => h("section.panel", { "aria-labelledby": id }, h("h2", { id }, title), content);

function receiptLine(receipt, row) {
  if (!receipt) {
    return h("p.hint", "No daemon has said anything about an edit: it has not changed while a daemon was firing.");
  }
  const heard = h("span");
  eachSecond(heard, () => ago(receipt.heard));
  markTime(heard, receipt.heard);
  const isAccepted = receipt.state === "accepted";
  return [
    h("p.receipt",
      h("span", { class: `badge state-${isAccepted ? "enabled" : "rejected"}` }, isAccepted ? "Accepted" : "Rejected"),
      " heard by the daemon ", heard),
    receipt.reason && receipt.reason !== row.reason && h("p", receipt.reason),
    receipt.next && h("p.hint", `Next run then: ${full(receipt.next)}`),
    receipt.warnings?.length > 0 && h("ul.remarks",
      receipt.warnings.map((text) => h("li.level-warning", typeof text === "string" ? text : text.text))),
    receipt.is_current === false && h("p.hint",
      "The document has changed since; the daemon has not said anything about that yet."),
  ];
}

/** An instant in the viewer's zone, and below it in the schedule's, if that is another. */
const zonesHere = (text, zone) =>
  [...new Set([viewerZone, zone ?? viewerZone])].map((each) => h("small.block", full(text, each),
    each !== viewerZone && ` ${each}`));

class ScheduleView {
  constructor(main, id, signal) {
    this.main = main;
    this.id = id;
    this.signal = signal;
    this.runs = [];
    live.watch([id]);
    live.on("schedules", (event) => this.#hear(event), signal);
    live.on("runs", ({ runs }) => this.#hearRuns(runs.filter((run) => run.id === id)), signal);
    live.on("receipts", ({ receipts }) => receipts.some((each) => each.id === id) && this.reload(true), signal);
    live.on("again", () => (this.heading ? this.reload(true) : this.start()), signal);
    changes.onChange(({ ids }) => (!ids.length || ids.includes(id)) && this.reload(true), signal);
    onKeys({
      e: () => go(scheduleHash(id, "/edit")),
      Escape: () => go(listHash()),
    }, signal);
    this.start();
  }

  async start() {
    this.main.replaceChildren(this.crumbs("…"), h("p.loading", "Loading…"));
    try {
      this.detail = await get(schedulePath(this.id), { signal: this.signal });
    } catch (error) {
      if (error.name !== "AbortError") this.#showProblem(error);
      return;
    }
    this.#build();
    this.#show();
    this.#explain();
    this.#history();
  }

  crumbs(name) {
    return h("nav.crumbs", { "aria-label": "Where this is" }, h("a", { href: listHash() }, icon("back"), "Schedules"),
      h("span", { "aria-current": "page" }, name));
  }

  #showProblem(error) {
    const isGone = error.status === 404;
    const heading = h("h1", isGone ? "There is no such schedule" : "The schedule cannot be shown");
    this.main.replaceChildren(this.crumbs("–"), h("div.empty", heading,
      h("p", isGone ? "Somebody has deleted or renamed it." : error.message),
      isGone ? h("a.button", { href: listHash() }, "All schedules") : button("Try again", () => this.start())));
    arrive(heading, "Schedule");
  }

  #build() {
    const { row } = this.detail;
    this.heading = h("h1.name", row.name);
    this.state = h("span.badge");
    this.words = h("p.lead");
    this.reason = h("p.reason");
    this.facts = h("div");
    this.next = h("div");
    this.receipt = h("div");
    this.explanation = h("div", h("p.loading", "Asking…"));
    this.plot = h("div");
    this.table = h("div", h("p.loading", "Loading…"));
    this.remarks = h("div");
    this.document = h("pre.code", { tabindex: "0", role: "region", "aria-label": "Text of the document" });
    this.toggle = h("span");
    this.undo = h("span");
    const editing = [
      editButton("Edit", () => go(scheduleHash(this.id, "/edit")), { kind: "primary" }),
      editButton("Run now", () => changes.runNow(this.detail.row)), this.toggle,
      editButton("Rename", () => this.#rename()),
      editButton("Duplicate", () => go(`#/new?from=${encodeURIComponent(this.id)}`)),
      editButton("Delete", () => this.#delete(), { kind: "danger-quiet" }), this.undo,
    ];
    fill(this.main,
      this.crumbs(row.name),
      h("div.title-row", this.heading, this.state, h("span.grow"),
        h("div.actions", { role: "group", "aria-label": "Change the schedule" }, editing)),
      this.words, this.reason, changes.roleNote(),
      h("div.columns",
        h("div.stack.side",
          panel("At a glance", "glance", this.facts),
          panel("Next runs", "next", this.next),
          panel("Last edit", "receipt", this.receipt)),
        h("div.stack",
          panel("Why it runs, or does not", "why", this.explanation),
          panel("Runs", "history", this.plot, this.table),
          panel("Document", "document", this.remarks, this.document))));
    arrive(this.heading, row.name);
  }

  #show() {
    const { detail } = this;
    const { reason, state } = detail.row;
    const isSaid = reason && (state === "rejected" || detail.words?.includes(reason));
    write(this.words, isSaid ? "" : detail.words ?? "");
    this.#showRow(detail.row);
    this.#showUpcoming();
    fill(this.receipt, receiptLine(detail.receipt, detail.row));
    fill(this.remarks, detail.remarks?.length > 0 && remarkList(detail.remarks));
    if (this.shownDocument !== detail.document) {
      this.shownDocument = detail.document;
      this.document.replaceChildren(...highlighted(detail.document ?? ""));
    }
    const isOn = detail.row.state === "disabled";
    this.toggle.replaceChildren(editButton(isOn ? "Enable" : "Disable", () => changes.setEnabled(detail.row, isOn)));
    const change = changes.lastChange();
    const isMine = change?.ids.includes(this.id);
    fill(this.undo, isMine && button("Undo last change", changes.undoLast, { kind: "quiet accent" }));
  }

  /** The nearest runs; the others on request, as long as the view is shown. */
  #showUpcoming() {
    const { upcoming = [], row } = this.detail;
    const shown = this.showsAll ? upcoming : upcoming.slice(0, 6);
    const more = upcoming.length > shown.length && button(`All ${upcoming.length}`, () => {
      this.showsAll = true;
      this.#showUpcoming();
    }, { kind: "quiet accent" });
    fill(this.next, upcomingList(shown, row.zone), more);
  }

  #showRow(row) {
    this.detail.row = row;
    this.state.className = `badge state-${row.state}`;
    write(this.state, stateWords[row.state] ?? row.state);
    this.state.title = stateMeaning[row.state] ?? "";
    write(this.reason, row.reason ?? "");
    this.reason.className = `reason is-${row.state}`;
    const last = row.last_run;
    const ran = last?.fired_at ?? last?.due;
    const { next, zone } = row;
    const key = JSON.stringify(row);
    if (this.rowKey === key) return;
    this.rowKey = key;
    this.facts.replaceChildren(facts([
      ["Next run", next && [timeSpan(() => until(next.sent), next.sent, zone), zonesHere(next.sent, zone),
        next.is_missed && h("span.tag.warning", "missed before"), next.is_immediate && h("span.tag", "at once")]],
      ["Last run",
        ran ? [timeSpan(() => ago(ran), ran, zone), h("small", ` ${length(last.late)} late`)] : "never"],
      ["Runs", number(row.total_run_count)],
      ["Task", row.task && h("code", row.task)],
      ["Queue", row.queue],
      row.schedule !== this.detail.words && ["Schedule", row.schedule],
      ["Zone", zone ?? (row.schedule && "follows no clock")],
      row.owner && ["Owner", row.owner],
      row.label && row.label !== row.name && ["Label", row.label],
      ["Now there", zone && zone !== viewerZone && timeSpan(() => clock(new Date().toISOString(), zone), null)],
    ].filter((pair) => pair && !(pair[0] === "Now there" && !pair[1]))));
  }

  /** What is asked anew may be a line shorter, and what lies below must not jump each time. */
  #keepHeight() {
    const { explanation } = this;
    const width = explanation.clientWidth;
    if (width !== this.keptWidth) explanation.style.minHeight = "";
    this.keptWidth = width;
    explanation.style.minHeight = `${Math.ceil(explanation.getBoundingClientRect().height)}px`;
  }

  async #explain() {
    try {
      const { headline, paragraphs = [], facts: pairs = [] } = await get(schedulePath(this.id, "/explanation"),
        { signal: this.signal });
      const others = pairs.filter(({ label, text }) => !paragraphs.includes(`${label}: ${text}`));
      fill(this.explanation, h("p.headline", headline), paragraphs.map((text) => h("p", text)),
        others.length > 0 && facts(others.map(({ label, text }) => [label, text])));
      this.#keepHeight();
    } catch (error) {
      if (error.name !== "AbortError") this.explanation.replaceChildren(h("p.hint", error.message));
    }
  }

  async #history() {
    try {
      const { runs } = await get(schedulePath(this.id, "/runs?limit=100"), { signal: this.signal });
      this.runs = runs;
      this.runTable = null;
      this.#drawRuns();
    } catch (error) {
      if (error.name !== "AbortError") this.table.replaceChildren(h("p.hint", error.message));
    }
  }

  #drawRuns() {
    if (this.runs.length === 0) {
      this.plot.replaceChildren();
      this.table.replaceChildren(empty("It has not run yet.",
        h("p", "Each run appears here with its lateness and its task id.")));
      return;
    }
    this.plot.replaceChildren(h("p.hint", latenessSummary(this.runs)), latenessPlot(this.runs));
    if (!this.runTable) {
      this.runTable = new RunTable({ zone: this.detail.row.zone, label: "Runs, newest first" });
      this.table.replaceChildren(h("div.scroll.tall", { tabindex: "0", role: "region", "aria-label": "Table of runs" },
        this.runTable.element));
    }
    this.runTable.add(this.runs);
  }

  #hear({ items = [], removed = [] }) {
    if (!this.heading) return;
    const row = items.find(({ id }) => id === this.id);
    if (row) {
      this.#showRow(row);
      this.reload();
    }
    if (removed.includes(this.id)) {
      this.#showRow({ ...this.detail.row, state: "gone", reason: "It has just been deleted or renamed.", next: null });
      write(this.state, "Deleted");
      this.next.replaceChildren(upcomingList([]));
    }
  }

  #hearRuns(runs) {
    if (runs.length === 0 || !this.heading) return;
    this.runs = [...runs, ...this.runs].slice(0, 100);
    this.#drawRuns();
  }

  /** Asks anew for what the events do not carry: at once, or after a pause in which more may come. */
  reload(isAtOnce = false) {
    if (this.timer && !isAtOnce) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#reloadNow(), isAtOnce ? 50 : pause);
    this.signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  async #reloadNow() {
    this.timer = null;
    if (this.signal.aborted || !this.heading) return;
    const detail = await get(schedulePath(this.id), { signal: this.signal }).catch((error) => error);
    if (detail.status === 404) this.#hear({ removed: [this.id] });
    if (!detail.row) return;
    this.detail = detail;
    this.#show();
    this.#explain();
  }

  async #rename() {
    const id = await changes.renameSchedule(this.detail.row);
    if (id) go(scheduleHash(id));
  }

  async #delete() {
    if (await changes.deleteSchedule(this.detail.row)) go(listHash());
  }
}

export function scheduleView(main, route, signal) {
  new ScheduleView(main, route.path[1], signal);
}
