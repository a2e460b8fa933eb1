// One row of the list. It is built once; after that only texts that differ are written.

import { h, write } from "./dom.js";
import { scheduleHash } from "./router.js";
import { ago, clock, eachSecond, isOverdue, lateKind, length, stopTicking, until } from "./time.js";
import { markTime } from "./timetip.js";
import { brief, briefSchedule, number, plural, stateMeaning, stateWords } from "./words.js";

export const columns = [
  { key: "name", label: "Name", class: "c-name" },
  { key: "state", label: "State", class: "c-state" },
  { key: "task", label: "Task", class: "c-task" },
  { key: null, label: "Schedule", class: "c-schedule" },
  { key: "next", label: "Next run", class: "c-next" },
  { key: "-last_run", label: "Last run", class: "c-last" },
  { key: "-late", label: "Late", class: "c-late" },
  { key: "-count", label: "Runs", class: "c-count" },
];

/** A cell of two lines. The labels name what the columns' titles name where there is no room for columns. */
function cell(kind, label) {
  const [first, second] = [h("div.first"), h("div.second")];
  return { first, second, element: h("td", { role: "cell", class: kind, "data-label": label }, first, second) };
}

export class Row {
  constructor(data, onSelect) {
    this.link = h("a.row-link", { href: scheduleHash(data.id) });
    this.box = h("input",
      { type: "checkbox", "aria-label": `Select ${data.name}`, onclick: (event) => onSelect(this, event.shiftKey) });
    this.cells = Object.fromEntries(columns.map(({ class: kind, label }) => [kind, cell(kind, label)]));
    this.state = h("span.badge");
    this.cells["c-name"].first.append(this.link);
    this.cells["c-state"].first.append(this.state);
    this.element = h("tr", { role: "row" },
      h("td", { role: "cell", class: "c-box" }, h("label.box", this.box)),
      columns.map(({ class: kind }) => this.cells[kind].element));
    // A click anywhere opens the schedule, except on what has a meaning of its own, or after text was selected.
    this.element.addEventListener("click", (event) => {
      if (event.target.closest("a, button, label, input") || getSelection().toString()) return;
      this.link.click();
    });
    this.update(data);
  }

  get id() {
    return this.data.id;
  }

  select(isSelected) {
    this.box.checked = isSelected;
    this.element.classList.toggle("is-selected", isSelected);
  }

  /** The row stays in its place and says that its schedule is gone. */
  remove() {
    this.isGone = true;
    this.element.classList.add("is-gone");
    this.showState("gone", "Deleted", "Somebody deleted it; it leaves the list at the next refresh");
    this.box.disabled = true;
    for (const part of ["c-next", "c-last"]) stopTicking(this.cells[part].first);
    write(this.cells["c-next"].first, "–");
  }

  showState(state, text, meaning) {
    this.state.className = `badge state-${state}`;
    this.state.title = meaning;
    write(this.state, text);
  }

  update(data) {
    const before = this.data;
    this.data = data;
    const { "c-name": name, "c-task": task, "c-schedule": schedule, "c-count": runs } = this.cells;
    write(this.link, data.name);
    this.link.title = data.name;
    const label = data.label && data.label !== data.name ? data.label : "";
    write(name.second, data.reason ?? label ?? "");
    name.second.title = name.second.textContent;
    name.second.classList.toggle("is-reason", data.state === "rejected");
    this.showState(data.state, stateWords[data.state] ?? data.state, data.reason ?? stateMeaning[data.state]);
    write(this.cells["c-state"].second, data.warnings ? plural(data.warnings, "warning") : "");
    write(task.first, data.task ?? "–");
    task.first.title = data.task ?? "";
    write(task.second, [data.queue, data.owner].filter(Boolean).join(" · "));
    write(schedule.first, briefSchedule(data));
    schedule.first.title = data.schedule ?? "";
    write(schedule.second, data.zone ?? "");
    this.#showNext(data);
    this.#showLast(data);
    write(runs.first, brief(data.total_run_count ?? 0));
    runs.first.title = number(data.total_run_count);
    if (before && before.total_run_count !== data.total_run_count) this.#pulse();
  }

  #showNext({ next, zone }) {
    const { first, second, element } = this.cells["c-next"];
    markTime(element, next?.sent, zone);
    element.classList.toggle("is-missed", Boolean(next?.is_missed));
    if (!next) {
      stopTicking(first);
      write(first, "–");
      write(second, "");
      return;
    }
    eachSecond(first, () => {
      element.classList.toggle("is-overdue", isOverdue(next.sent));
      return until(next.sent);
    });
    write(second, next.is_missed ? "catch-up" : next.is_immediate ? "at once" : clock(next.sent));
  }

  #showLast({ last_run: last, zone }) {
    const { first, second, element } = this.cells["c-last"];
    const late = this.cells["c-late"];
    markTime(element, last?.fired_at ?? last?.due, zone);
    const kind = lateKind(last?.late ?? 0);
    late.element.className = `c-late ${kind}`;
    write(late.first, last ? length(last.late) : "–");
    if (!last) {
      stopTicking(first);
      write(first, "never");
      write(second, "");
      delete second.dataset.late;
      return;
    }
    const at = last.fired_at ?? last.due;
    eachSecond(first, () => ago(at));
    write(second, clock(at));
    // Where there is no room for the column of lateness, the style shows it here.
    second.dataset.late = last.late === null ? "" : ` · ${length(last.late)} late`;
  }

  #pulse() {
    const { element } = this.cells["c-count"];
    element.classList.remove("has-run");
    void element.offsetWidth;
    element.classList.add("has-run");
  }
}
