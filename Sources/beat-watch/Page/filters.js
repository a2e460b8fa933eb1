// The bar above the list: search, states, and what narrows the list further.

import { get } from "./api.js";
import { button, h, icon, iconButton, write } from "./dom.js";
import { number, stateMeaning, stateWords } from "./words.js";

const spans = [
  ["", "Due any time"], ["60", "Due in 1 minute"], ["300", "Due in 5 minutes"], ["900", "Due in 15 minutes"],
  ["3600", "Due in 1 hour"],
  ["86400", "Due in 1 day"],
];

const sorts = [
  ["name", "Name"], ["next", "Next run"], ["-last_run", "Last run"], ["-late", "Lateness"], ["-count", "Runs"],
  ["state", "State"], ["task", "Task"],
];

export const noFilters = { search: "", state: "", task: "", queue: "", owner: "", due_within: "" };

export class Filters {
  /** `change(values)` is called with what has changed. */
  constructor(values, change, signal) {
    this.values = values;
    this.change = change;
    this.signal = signal;
    this.element = h("div.filters", { role: "search", "aria-label": "Schedules" },
      this.#search(), this.#states(), this.#selects());
    this.#loadFacets();
  }

  #search() {
    let timer = null;
    this.search = h("input", {
      id: "search", type: "search", placeholder: "Search name, task, queue",
      "aria-label": "Search name, label, task, queue",
      autocomplete: "off", spellcheck: "false", value: this.values.search,
    });
    const send = () => this.change({ search: this.search.value.trim() }, { isTyping: true });
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(send, 180);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.search.value === "") this.search.blur();
    });
    this.signal.addEventListener("abort", () => clearTimeout(timer));
    return h("div.search", icon("search"), this.search, h("kbd", { "aria-hidden": "true" }, "/"));
  }

  #states() {
    this.states = Object.keys(stateWords).map((state) => {
      const count = h("span.count");
      const element = h("button", {
        type: "button", class: `chip state-${state}`, title: stateMeaning[state], "aria-pressed": "false",
        onclick: () => this.#toggle(state),
      }, h("span.dot"), stateWords[state], count);
      return { state, element, count };
    });
    return h("div.chips", { role: "group", "aria-label": "State" }, this.states.map(({ element }) => element));
  }

  #toggle(state) {
    const chosen = new Set(this.values.state.split(",").filter(Boolean));
    if (!chosen.delete(state)) chosen.add(state);
    this.change({ state: [...chosen].join(",") });
  }

  #select(name, label, options) {
    const element = h("select", { "aria-label": label, onchange: () => this.change({ [name]: element.value }) });
    this.#fill(element, options, this.values[name]);
    return element;
  }

  #fill(element, options, value) {
    const known = options.some(([each]) => each === value) ? options : [...options, [value, value]];
    element.replaceChildren(...known.map(([each, text]) => h("option", { value: each }, text)));
    element.value = value;
  }

  #selects() {
    this.lists = { task: [["", "Any task"]], queue: [["", "Any queue"]], owner: [["", "Any owner"]], due_within: spans,
      sort: sorts };
    this.selects = {
      task: this.#select("task", "Task", this.lists.task),
      queue: this.#select("queue", "Queue", this.lists.queue),
      owner: this.#select("owner", "Owner", this.lists.owner),
      due_within: this.#select("due_within", "Due within", this.lists.due_within),
      sort: this.#select("sort", "Sort by", this.lists.sort),
    };
    this.selects.sort.classList.add("narrow-only");
    this.clear = iconButton("close", "Clear filters", () => this.change(noFilters));
    const element = h("div.selects", Object.values(this.selects), this.clear);
    const more = button("Filters and order", () => {
      more.setAttribute("aria-expanded", String(element.classList.toggle("is-open")));
    }, { kind: "narrow-only", "aria-expanded": "false" });
    return [more, element];
  }

  async #loadFacets() {
    const facets = await get("/facets", { signal: this.signal }).catch(() => null);
    if (!facets) return;
    for (const name of ["task", "queue", "owner"]) {
      const list = facets[`${name}s`];
      const options = (list ?? []).map(({ value, count }) => [value, `${value} (${number(count)})`]);
      this.lists[name] = [["", `Any ${name}`], ...options];
      this.#fill(this.selects[name], this.lists[name], this.values[name]);
      this.selects[name].hidden = (list ?? []).length === 0 && !this.values[name];
    }
  }

  /** Shows what the address says, unless somebody is typing it. */
  update(values) {
    this.values = values;
    if (document.activeElement !== this.search) this.search.value = values.search;
    const chosen = values.state.split(",");
    for (const { state, element } of this.states) element.setAttribute("aria-pressed", String(chosen.includes(state)));
    for (const [name, element] of Object.entries(this.selects)) {
      if (element.value !== values[name]) this.#fill(element, this.lists[name], values[name]);
      element.classList.toggle("is-set", name !== "sort" && values[name] !== "");
    }
    // It keeps its place, so that nothing moves under the pointer.
    this.clear.classList.toggle("is-away", !Object.keys(noFilters).some((name) => values[name]));
  }

  showCounts(counts) {
    for (const { state, count } of this.states) write(count, number(counts?.[state]));
  }
}
