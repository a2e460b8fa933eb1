// The form beside a document's text. It writes single members of the text and leaves everything else as it is.

import { get } from "./api.js";
import { h, write } from "./dom.js";
import { groups, kinds, startOf } from "./fields.js";
import { find, isJSON, lineOf, raw, remove, rename, scanDocument, set, shown } from "./jsontext.js";

const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The JSON of what was typed, in the form in which the document has the field already; null: it is taken out. */
function encoded({ type }, value, node) {
  const text = type === "json" ? value.trim() : value;
  if (text === "") return null;
  if (type === "json") return text;
  if (/^\s*[[{]/.test(text) && type !== "text" && isJSON(text)) return text.trim();
  const wasNumber = node?.kind === "number";
  const mayBeNumber = type === "number" || (type === "cron" && wasNumber) || (type === "date" && !/^\d{4}$/.test(text));
  if (mayBeNumber && isNumber.test(text)) return text;
  return JSON.stringify(text);
}

let count = 0;

class Control {
  constructor(field, change) {
    this.field = field;
    this.id = `field-${(count += 1)}`;
    this.error = h("p.field-error", { id: `${this.id}-error` });
    this.input = this.#input(() => change(this, this.value));
    const hint = field.hint && h("p.hint", { id: `${this.id}-hint` }, field.hint);
    const label = h("label", { for: this.id }, field.label);
    const kind = `field type-${field.type} name-${field.name}`;
    this.element = field.type === "switch"
      ? h("div", { class: kind }, h("div.switch-line", this.input, label), this.error)
      : h("div", { class: kind }, label, this.input, hint, this.error);
  }

  #input(changed) {
    const { type, list, placeholder, options, hint } = this.field;
    const shared = { id: this.id, "aria-describedby": `${this.id}-error${hint ? ` ${this.id}-hint` : ""}`,
      oninput: changed };
    if (type === "switch") return h("input", { ...shared, type: "checkbox", class: "switch" });
    if (type === "select") return h("select", shared, options.map(([value, text]) => h("option", { value }, text)));
    const texts = { ...shared, placeholder, autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
    if (type === "json") return h("textarea", { ...texts, rows: "2", class: "mono" });
    return h("input",
      { ...texts, type: "text", list, inputmode: type === "number" ? "decimal" : null,
      class: type === "text" ? "" : "mono" });
  }

  get value() {
    return this.field.type === "switch" ? this.input.checked : this.input.value;
  }

  show(text, node, { isOwn }) {
    const isNull = !node || raw(text, node) === "null";
    if (this.field.type === "switch") {
      this.input.checked = !isNull && raw(text, node) === "true";
      return;
    }
    // What somebody types here stays as it is typed, even if the document spells it in another way.
    if (isOwn && document.activeElement === this.input && this.field.type !== "select") return;
    const value = isNull ? "" : this.field.type === "json" ? raw(text, node) : shown(text, node);
    if (this.field.type === "select" && ![...this.input.options].some((each) => each.value === value)) {
      this.input.append(h("option", { value }, value || "–"));
    }
    this.input.value = value;
  }

  complain(words, level = "error") {
    write(this.error, words);
    this.error.dataset.level = level;
    if (words && level === "error") this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}

export class Form {
  /** `edit(change)` hands the text to a function and takes its answer as the new text. */
  constructor(edit) {
    this.edit = edit;
    this.controls = [];
    this.remembered = {};
    this.problem = h("p.note.is-error", { role: "status" });
    this.scheduleError = h("p.field-error");
    this.set = h("fieldset.form", groups.map((group) => this.#group(group)));
    this.element = h("div", this.problem, this.set, this.#lists());
  }

  /** What may be meant, for the fields of names that are known. */
  #lists() {
    const lists = ["tasks", "queues", "zones"].map((id) => h("datalist", { id }));
    const offer = (list, values) => list.append(...values.map((value) => h("option", { value })));
    offer(lists[2], Intl.supportedValuesOf?.("timeZone") ?? []);
    get("/facets").then((facets) => {
      for (const list of lists.slice(0, 2)) offer(list, (facets[list.id] ?? []).map(({ value }) => value));
    }).catch(() => {});
    return lists;
  }

  #group({ title, isOpen, isSchedule, fields }) {
    const controls = fields.map((field) => this.#control(field, () => this.#place(field)));
    const content = [isSchedule && this.#scheduleFields(),
      h("div.grid-fields", controls.map(({ element }) => element))];
    const details = h("details", { open: isOpen }, h("summary", title), content);
    if (!isOpen) this.folded = [...(this.folded ?? []), { details, controls }];
    return details;
  }

  #control(field, path) {
    const control = new Control(field, (each, value) => this.#change(each, value));
    control.path = path;
    this.controls.push(control);
    return control;
  }

  #place({ places, start }) {
    return places.find((path) => find(this.root, path)) ?? start ?? places[0];
  }

  #scheduleFields() {
    this.kindInputs = Object.entries(kinds).map(([kind, { label }]) => {
      const input = h("input",
        { type: "radio", name: "kind", value: kind, id: `kind-${kind}`, onchange: () => this.#switchTo(kind) });
      return { kind, input, element: h("span", input, h("label", { for: `kind-${kind}` }, label)) };
    });
    this.kindParts = Object.entries(kinds).map(([kind, { fields }]) => {
      const controls = fields.map((field) => this.#control(field, () => [this.holder ?? kind, field.name]));
      const element = h("div", { class: `grid-fields kind-${kind}` }, controls.map((control) => control.element));
      for (const control of controls) control.kind = kind;
      return { kind, element };
    });
    return [
      h("div.segments", { role: "radiogroup", "aria-label": "Kind of schedule" },
        this.kindInputs.map(({ element }) => element)),
      this.scheduleError, this.kindParts.map(({ element }) => element),
    ];
  }

  /** The member that holds the schedule: a kind's own, or celerybeat-redis' `schedule`, whose shape says the kind. */
  #findSchedule(text) {
    const holders = [...Object.keys(kinds), "schedule"].filter((key) => {
      const node = find(this.root, [key]);
      return node && raw(text, node) !== "null";
    });
    this.holders = holders;
    this.holder = holders.length === 1 ? holders[0] : null;
    if (this.holder === null) return null;
    const node = find(this.root, [this.holder]);
    if (node.kind !== "object") return null;
    if (this.holder !== "schedule") return this.holder;
    return find(this.root, ["schedule", "every"]) ? "interval" : "crontab";
  }

  #switchTo(kind) {
    this.edit((text) => {
      const node = this.holder && find(this.root, [this.holder]);
      if (node && this.kind) this.remembered[this.kind] = raw(text, node);
      const json = this.remembered[kind] ?? startOf(kind);
      return this.holder ? rename(text, this.holder, kind, json) : set(text, [kind], json);
    });
  }

  #change(control, value) {
    const { field } = control;
    if (field.type === "json" && value.trim() !== "" && !isJSON(value)) {
      control.complain("This is not JSON yet; the document keeps what it had.");
      return;
    }
    control.complain("");
    this.edit((text) => {
      // A field that was emptied and is filled again comes back to its place.
      const isBack = this.emptied?.control === control && this.emptied.after === text;
      const { before: from, path } = isBack ? this.emptied : { before: text, path: control.path() };
      this.emptied = null;
      if (field.type === "switch") return this.#switched(from, path, value, field);
      const json = encoded(field, value, find(scanDocument(from), path));
      if (json !== null) return set(from, path, json);
      const after = remove(from, path);
      this.emptied = { control, path, before: from, after };
      return after;
    });
  }

  #switched(text, path, isOn, { name }) {
    const isThere = Boolean(find(this.root, path));
    return isOn || isThere || name === "enabled" ? set(text, path, String(isOn)) : text;
  }

  /** Shows a text. `isOwn`: the form itself has just written it. */
  update(text, { isOwn = false } = {}) {
    try {
      this.root = scanDocument(text);
    } catch (error) {
      write(this.problem,
        `The document is not JSON yet, line ${lineOf(text, error.at ?? 0)}: ${error.message}. The form waits.`);
      this.set.disabled = true;
      return;
    }
    write(this.problem, "");
    this.set.disabled = false;
    this.kind = this.#findSchedule(text);
    this.#showKind();
    for (const control of this.controls) {
      if (!control.kind || control.kind === this.kind) control.show(text, find(this.root, control.path()), { isOwn });
    }
    if (!this.wasShown) this.#unfold();
    this.wasShown = true;
  }

  #showKind() {
    for (const { kind, input } of this.kindInputs) input.checked = kind === this.kind;
    for (const { kind, element } of this.kindParts) element.hidden = kind !== this.kind;
    const isBoth = this.holders.length > 1;
    const both = isBoth && `The document has ${this.holders.join(" and ")}: take all but one out in the text.`;
    const odd = this.holder && !this.kind && `${this.holder} is no object: mend it in the text.`;
    write(this.scheduleError, both || odd || (this.holder ? "" : "Choose when it runs."));
  }

  /** Fields that the document uses are not hidden. */
  #unfold() {
    for (const { details, controls } of this.folded) {
      if (controls.some((control) => find(this.root, control.path()))) details.open = true;
    }
  }

  /** Shows each remark at its field. Those of no field are left to the list of remarks. */
  showRemarks(remarks) {
    const found = new Map();
    for (const remark of remarks) {
      const control = this.controlOf(remark.field);
      if (control && (!found.has(control) || remark.level === "error")) found.set(control, remark);
    }
    for (const control of this.controls) {
      const remark = found.get(control);
      control.complain(remark && remark.level !== "note" ? remark.text : "", remark?.level);
      if (remark?.level === "error") control.element.closest("details").open = true;
    }
  }

  controlOf(field) {
    if (!field || !this.root) return null;
    const seen = this.controls.filter(({ kind }) => !kind || kind === this.kind);
    const exact = seen.find((control) => control.path().join(".") === field);
    return exact ?? seen.find((control) => control.field.name === field) ?? null;
  }
}
