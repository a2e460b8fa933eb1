// The list of schedules: pages from the server, kept up to date in place. Rows never move by themselves.

import { get, query } from "./api.js";
import { changeMany, editButton, onChange } from "./changes.js";
import { setBulkBar, toast } from "./dock.js";
import { button, empty, fill, h, icon, iconButton, write } from "./dom.js";
import { Filters, noFilters } from "./filters.js";
import { onKeys } from "./keys.js";
import * as live from "./live.js";
import { isDisturbed, orderOf } from "./order.js";
import { arrive, go, note, scheduleHash } from "./router.js";
import { columns, Row } from "./rows.js";
import { serverNow, setServerNow, viewerZone } from "./time.js";
import { number, plural } from "./words.js";

const pageSize = 100;
const defaults = { ...noFilters, sort: "name", offset: "0" };

/** Where the list was left, for the way back to it. */
let lastHash = "#/schedules";
let lastOpened = null;
let lastScroll = 0;

export const listHash = () => lastHash;

const valuesOf = (search) =>
  Object.fromEntries(Object.keys(defaults).map((name) => [name, search.get(name) ?? defaults[name]]));

const hashOf = (values) =>
  `#/schedules${query(Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== defaults[name])))}`;

class List {
  constructor(main, route, signal, before) {
    this.signal = signal;
    this.values = valuesOf(route.query);
    this.rows = [];
    this.order = [];
    this.byId = new Map();
    this.selected = new Set();
    this.isReturning = before?.path[0] === "schedules" && before.path[1] === lastOpened;
    this.#build(main);
    lastHash = hashOf(this.values);
    signal.addEventListener("abort", () => {
      lastScroll = scrollY;
      setBulkBar(null);
    });
    live.on("schedules", (event) => this.#hear(event), signal);
    live.on("again", () => (this.rows.length > 0 ? this.#check() : this.load()), signal);
    live.on("open", () => this.#catchUp(), signal);
    onChange(() => this.#check(), signal);
    onKeys(this.#keys(), signal);
    this.load();
  }

  #build(main) {
    this.heading = h("h1", "Schedules");
    this.filters = new Filters(this.values, (values, options) => this.change(values, options), this.signal);
    this.filters.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      this.rows[0]?.link.focus();
    });
    this.summary = h("p.summary", { role: "status", "aria-live": "polite" });
    this.changed = button([icon("refresh"), "Order has changed: refresh"], () => this.load(),
      { kind: "changed is-away" });
    this.body = h("tbody", { role: "rowgroup" });
    this.heads = columns.map((column) => this.#head(column));
    this.all = h("input",
      { type: "checkbox", "aria-label": "Select all on this page", onclick: () => this.#selectAll() });
    this.table = h("table.list", { role: "table", "aria-label": "Schedules" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        h("th", { role: "columnheader", scope: "col", class: "c-box" }, h("label.box", this.all)),
        this.heads.map(({ element }) => element))),
      this.body);
    this.place = h("div.list-place", this.table);
    this.back = iconButton("back", "Previous page", () => this.turn(-1));
    this.forth = iconButton("next", "Next page", () => this.turn(1));
    this.range = h("span.range");
    this.pager = h("div.pager",
      h("span.faint", `Times are in ${viewerZone}, your zone.`, h("span.wide-text", " Point at one to see others.")),
      h("span.grow"), this.range, this.back, this.forth);
    main.append(
      h("div.title-row", this.heading, this.summary, h("span.grow"), h("span", { role: "status" }, this.changed),
        editButton([icon("plus"), h("span", "New", h("span.wide-text", " schedule"))], () => go("#/new"),
          { kind: "primary" })),
      this.filters.element, this.place, this.pager);
    arrive(this.heading, "Schedules");
  }

  #head({ key, label, class: kind }) {
    const element = h("th", { role: "columnheader", scope: "col", class: kind });
    const sort = () => this.#sortBy(key);
    const arrow = h("span.arrow", icon("up"));
    fill(element, key ? h("button.sort", { type: "button", onclick: sort }, label, arrow) : label);
    return { key, element };
  }

  #sortBy(key) {
    const turned = key.startsWith("-") ? key.slice(1) : `-${key}`;
    this.change({ sort: this.values.sort === key ? turned : key });
  }

  #showSort() {
    for (const { key, element } of this.heads) {
      if (!key) continue;
      const isHere = this.values.sort.replace("-", "") === key.replace("-", "");
      if (isHere) element.setAttribute("aria-sort", this.values.sort.startsWith("-") ? "descending" : "ascending");
      else element.removeAttribute("aria-sort");
    }
  }

  // MARK: pages

  /** Another filter, order or page; a filter begins at the first page. */
  change(values, { isTyping = false } = {}) {
    this.values = { ...this.values, offset: "0", ...values };
    lastHash = hashOf(this.values);
    note(lastHash, { replace: isTyping });
    this.load();
  }

  update(route) {
    this.values = valuesOf(route.query);
    lastHash = hashOf(this.values);
    this.load();
  }

  turn(by) {
    const offset = Number(this.values.offset) + by * pageSize;
    if (offset < 0 || offset >= (this.total ?? 0)) return;
    this.change({ offset: String(offset) });
    scrollTo(0, 0);
  }

  async load() {
    this.filters.update(this.values);
    this.#showSort();
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const slow = setTimeout(() => this.place.classList.add("is-loading"), 150);
    this.signal.addEventListener("abort", () => asking.abort(), { once: true });
    try {
      const page = await get(`/schedules${query({ ...this.values, limit: pageSize })}`, { signal: asking.signal });
      this.#show(page);
    } catch (error) {
      if (error.name !== "AbortError") this.#showProblem(error);
    } finally {
      clearTimeout(slow);
      if (this.asking === asking) this.place.classList.remove("is-loading");
    }
  }

  #show(page) {
    setServerNow(page.now);
    this.total = page.total;
    const focused = this.rows.find(({ link }) => link === document.activeElement)?.id;
    const kept = this.byId;
    this.rows = page.items.map((data) => {
      const row = kept.get(data.id);
      if (!row || row.isGone) return new Row(data, (each, isRange) => this.#toggle(each, isRange));
      row.update(data);
      return row;
    });
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    this.body.replaceChildren(...this.rows.map(({ element }) => element));
    for (const row of this.rows) row.select(this.selected.has(row.id));
    this.byId.get(focused)?.link.focus({ preventScroll: true });
    this.#remember(page.counts);
    this.#describe(page);
    this.#showBulk();
    live.watch(this.rows.map(({ id }) => id));
    if (page.loading) setTimeout(() => this.signal.aborted || this.load(), 1000);
    if (this.isReturning) this.#comeBack();
  }

  #comeBack() {
    this.isReturning = false;
    scrollTo(0, lastScroll);
    this.byId.get(lastOpened)?.link.focus({ preventScroll: true });
  }

  #describe({ all, total, offset, counts, loading }) {
    this.filters.showCounts(counts);
    const found = total === all ? plural(all, "schedule") : `${number(total)} of ${plural(all, "schedule")}`;
    write(this.summary, loading ? `${found}, still loading…` : found);
    write(this.range,
      total === 0 ? "" : `${number(offset + 1)}–${number(offset + this.rows.length)} of ${number(total)}`);
    this.back.disabled = offset === 0;
    this.forth.disabled = offset + this.rows.length >= total;
    this.filters.element.hidden = all === 0 && !loading;
    this.pager.hidden = total === 0;
    this.place.querySelector(".empty")?.remove();
    this.table.hidden = this.rows.length === 0;
    if (this.rows.length === 0 && !loading) this.place.append(all === 0 ? this.#firstSchedule() : this.#nothingFound());
  }

  #firstSchedule() {
    return empty("There are no schedules yet.",
      h("p", "Make the first one here, with ", h("code", "beat-watch set"),
        ", from Python, or with any client of the store."),
      editButton("New schedule", () => go("#/new"), { kind: "primary" }));
  }

  #nothingFound() {
    return empty("No schedule matches.", h("p", "Take a filter away, or look for another word."),
      button("Clear filters", () => this.change(noFilters)));
  }

  #showProblem(error) {
    if (this.rows.length > 0) {
      toast(error.message, { kind: "error" });
      return;
    }
    this.place.querySelector(".empty")?.remove();
    this.table.hidden = true;
    this.place.append(empty("The list cannot be shown.", h("p", error.message),
      button("Try again", () => this.load())));
  }

  // MARK: events

  #remember(counts) {
    this.order = orderOf(this.#data(), this.values.sort);
    this.counts = JSON.stringify(counts);
    this.#offer(null);
  }

  #data() {
    return this.rows.map(({ data }) => data);
  }

  #offer(words) {
    this.changed.classList.toggle("is-away", words === null);
    if (words) write(this.changed.lastChild, words);
  }

  #hear({ items = [], removed = [], counts }) {
    for (const data of items) this.byId.get(data.id)?.update(data);
    for (const id of removed) {
      this.byId.get(id)?.remove();
      this.selected.delete(id);
    }
    if (counts) this.filters.showCounts(counts);
    if (counts && this.counts && JSON.stringify(counts) !== this.counts) this.#offer("List has changed: refresh");
    else if (isDisturbed(this.order, this.#data(), this.values.sort)) this.#offer("Order has changed: refresh");
  }

  /** What was fired between the answer with these rows and their first event has to be asked for. */
  #catchUp() {
    if (this.rows.some(({ data }) => data.next && Date.parse(data.next.sent) < serverNow() + 300)) this.#check();
  }

  /** A change by this page itself is shown at once, where the events have not come first. */
  async #check() {
    await new Promise((resolve) => setTimeout(resolve, 400));
    if (this.signal.aborted) return;
    const ids = this.rows.map(({ id }) => id);
    const page = await get(`/schedules${query({ ...this.values, limit: pageSize })}`,
      { signal: this.signal }).catch(() => null);
    if (!page) return;
    const isSame = page.items.length === ids.length && page.items.every(({ id }, index) => id === ids[index]);
    if (isSame || this.rows.length === 0) this.#show(page);
    else {
      this.#hear({ items: page.items, counts: page.counts });
      this.#offer("Order has changed: refresh");
    }
  }

  // MARK: selection

  #toggle(row, isRange) {
    const isOn = row.box.checked;
    const [from, to] = [this.rows.indexOf(this.anchor), this.rows.indexOf(row)].sort((a, b) => a - b);
    const range = isRange && this.anchor && from >= 0 ? this.rows.slice(from, to + 1) : [row];
    for (const each of range) this.#mark(each, isOn);
    this.anchor = row;
    this.#showBulk();
  }

  #mark(row, isOn) {
    if (row.box.disabled) return;
    if (isOn) this.selected.add(row.id);
    else this.selected.delete(row.id);
    row.select(isOn);
  }

  #selectAll() {
    const isOn = this.all.checked;
    for (const row of this.rows) this.#mark(row, isOn);
    this.#showBulk();
  }

  #clearSelection() {
    this.selected.clear();
    for (const row of this.rows) row.select(false);
    this.#showBulk();
  }

  #showBulk() {
    const here = this.rows.filter(({ id }) => this.selected.has(id)).length;
    this.all.checked = here > 0 && here === this.rows.length;
    this.all.indeterminate = here > 0 && here < this.rows.length;
    if (this.selected.size === 0) {
      setBulkBar(null);
      return;
    }
    const act = (action, label, kind) => editButton(label, () => this.#act(action), { kind });
    const elsewhere = this.selected.size - here;
    setBulkBar(h("div.bulk", { role: "group", "aria-label": "Selected schedules" },
      h("p", h("strong", `${number(this.selected.size)} selected`),
        elsewhere > 0 && h("span.faint", ` ${number(elsewhere)} on other pages`)),
      act("enable", "Enable"), act("disable", "Disable"), act("run", "Run now"),
      act("delete", "Delete", "danger-quiet"),
      iconButton("close", "Select none", () => this.#clearSelection())));
  }

  async #act(action) {
    const ids = [...this.selected];
    if (ids.length > 200) {
      toast("At most 200 schedules can be changed at once. Select fewer.", { kind: "error" });
      return;
    }
    const results = await changeMany(action, ids);
    if (!results) return;
    for (const { id, is_done: isDone } of results) if (isDone) this.selected.delete(id);
    for (const row of this.rows) row.select(this.selected.has(row.id));
    this.#showBulk();
  }

  // MARK: keys

  #keys() {
    const move = (by) => () => this.#move(by);
    return {
      "j": move(1), "ArrowDown": move(1), "k": move(-1), "ArrowUp": move(-1),
      "x": () => this.#focused()?.box.click(),
      "e": () => this.#focused() && go(scheduleHash(this.#focused().id, "/edit")),
      "r": () => void this.load(),
      "[": () => this.turn(-1),
      "]": () => this.turn(1),
      "Escape": () => this.#escape(),
    };
  }

  #focused() {
    return this.rows.find(({ element }) => element.contains(document.activeElement));
  }

  #move(by) {
    const at = this.rows.indexOf(this.#focused());
    const next = this.rows[at < 0 ? (by > 0 ? 0 : this.rows.length - 1) : at + by];
    next?.link.focus();
    next?.element.scrollIntoView({ block: "nearest" });
    return Boolean(next);
  }

  #escape() {
    if (this.selected.size > 0) this.#clearSelection();
    else if (this.values.search) {
      this.filters.search.value = "";
      this.change({ search: "" });
    } else return false;
    return true;
  }

  noteOpened(id) {
    lastOpened = id;
  }
}

export function listView(main, route, signal, before) {
  const list = new List(main, route, signal, before);
  main.addEventListener("click", (event) => {
    const link = event.target.closest(".row-link");
    if (link) list.noteOpened(list.rows.find((row) => row.link === link)?.id);
  }, { signal });
  return { update: (next) => list.update(next) };
}
