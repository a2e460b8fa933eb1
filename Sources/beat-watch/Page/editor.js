// Changing one schedule: the form and the text of its document side by side, checked while somebody types.

import { APIError, del, get, mayEdit, post, schedulePath, session } from "./api.js";
import { announce, save, takeBack, viewerReason } from "./changes.js";
import { CheckPanel } from "./check.js";
import { resolve } from "./conflict.js";
import { ask } from "./dialog.js";
import { failed, toast } from "./dock.js";
import { busyButton, button, fill, h, icon, write } from "./dom.js";
import { Form } from "./form.js";
import { asShown, isJSON, laidOut, lineRange, set, typed } from "./jsontext.js";
import { listHash } from "./list.js";
import * as live from "./live.js";
import { followReceipt } from "./receipt.js";
import { arrive, go, scheduleHash, setGuard } from "./router.js";

const template = `{
  "name": "",
  "task": "",
  "enabled": true,
  "interval": {"every": 5, "period": "minutes"}
}`;

const isTaken = ({ text }) => /^there is a schedule of this name/i.test(text);

/** What was being written when the session ended, for the time after the next login. */
const drafts = new Map();

class Editor {
  constructor(main, { id, name, document, digest, signal, isNew }) {
    Object.assign(this, { id, name, base: document, text: document, digest, signal, isNew });
    this.isDone = false;
    const draft = drafts.get(id);
    drafts.delete(id);
    if (draft) Object.assign(this, draft);
    signal.addEventListener("abort", () => {
      if (this.isDirty) drafts.set(id, { name: this.name, base: this.base, text: this.text, digest: this.digest });
    });
    this.form = new Form((change) => this.#editByForm(change));
    this.check = new CheckPanel({ reach: (remark) => this.#reach(remark), signal,
      done: (answer) => this.#checked(answer) });
    this.#build(main);
    this.#show();
    // What nobody has begun to write has no faults yet.
    if (draft) this.#changed();
    else if (document === template) this.check.wait("Give it a name and a task, and say when it runs.");
    else this.check.look(this.#asked(), { isAtOnce: true });
    globalThis.document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        this.saver.click();
      }
    }, { signal });
  }

  get isDirty() {
    return !this.isDone && (this.text !== this.base || (this.isNew && this.name !== ""));
  }

  #asked() {
    return { id: this.isNew ? null : this.id, name: this.name, document: this.text };
  }

  #build(main) {
    const title = this.isNew ? "New schedule" : `Edit ${this.name}`;
    this.heading = h("h1.name", title);
    this.area = h("textarea", {
      id: "document", class: "mono document", rows: "16", spellcheck: "false", autocomplete: "off",
      autocapitalize: "off",
      "aria-describedby": "check-state", oninput: () => this.#editByText(),
    });
    this.revert = button("Take my changes back", () => this.#set(this.base), { kind: "quiet is-away" });
    this.saver = busyButton(this.isNew ? "Create" : "Save", () => this.#save(), { kind: "primary" });
    this.state = h("span.faint");
    const away = this.isNew ? listHash() : scheduleHash(this.id);
    const layout = button("Lay out", () => isJSON(this.text) && this.#set(laidOut(this.text)),
      { kind: "quiet", title: "Put each field on a line of its own; only white space changes" });
    fill(main,
      h("nav.crumbs", { "aria-label": "Where this is" },
        h("a", { href: away }, icon("back"), this.isNew ? "Schedules" : this.name),
        h("span", { "aria-current": "page" }, this.isNew ? "New" : "Edit")),
      h("div.title-row", this.heading),
      this.isNew && this.#nameField(),
      h("div.editor",
        h("section.panel", { "aria-label": "Form" }, this.form.element),
        h("div.stack",
          h("section.panel",
            h("div.line", h("h2", h("label", { for: "document" }, "Document")), h("span.grow"), layout),
            this.area),
          h("section.panel", h("h2", "Check"), this.check.element))),
      h("div.save-bar", this.saver, button("Cancel", () => go(away)),
        this.revert, this.state));
    arrive(this.heading, title);
  }

  #nameField() {
    const input = h("input", {
      id: "schedule-name", value: this.name, autocomplete: "off", spellcheck: "false",
      "aria-describedby": "schedule-name-error schedule-name-hint",
      oninput: () => this.#rename(input.value),
    });
    this.nameInput = input;
    this.nameError = h("p.field-error", { id: "schedule-name-error", role: "alert" });
    return h("div.field.new-name", h("label", { for: "schedule-name" }, "Name"), input,
      h("p.hint", { id: "schedule-name-hint" }, `Its key in the store, after ${session.prefix ?? "the prefix"}`),
      this.nameError);
  }

  /** The label follows the name until somebody gives it a text of its own. */
  #rename(name) {
    const isFollowing = this.form.root && this.form.controlOf("name")?.value === this.name;
    this.name = name;
    write(this.nameError, "");
    if (isFollowing) this.#set(set(this.text, ["name"], JSON.stringify(name)));
    else this.#changed();
  }

  // MARK: the two sides

  #editByForm(change) {
    this.#set(change(this.text), { isOwn: true });
  }

  #editByText() {
    this.text = typed(this.text, asShown(this.text), this.area.value);
    this.form.update(this.text);
    this.#changed();
  }

  #set(text, options) {
    this.text = text;
    this.#show(options);
    this.#changed();
  }

  #show(options) {
    const shown = asShown(this.text);
    if (this.area.value !== shown) this.area.value = shown;
    this.form.update(this.text, options);
  }

  #changed() {
    this.#showState();
    this.revert.classList.toggle("is-away", this.text === this.base);
    setGuard(this.isDirty ? () => this.#mayLeave() : null);
    this.check.look(this.#asked());
  }

  async #mayLeave() {
    const text = "What you have changed here is lost then.";
    const isSure = await ask("Leave without saving?", text, "Leave", { kind: "danger" });
    if (isSure) this.isDone = true;
    return isSure;
  }

  #checked(answer) {
    if (this.isNew && this.name.trim() !== "") this.#showTaken(answer?.remarks?.some(isTaken));
    this.form.showRemarks(answer?.remarks ?? []);
    this.#showState(answer);
  }

  #showTaken(isIt) {
    write(this.nameError, isIt ? "There is a schedule of this name already." : "");
  }

  #showState(answer) {
    const fault = answer && !answer.is_usable ? "; it cannot be used yet" : "";
    write(this.state, this.isDirty ? `Not saved yet${fault}` : "");
  }

  #reach(remark) {
    if (this.isNew && isTaken(remark)) return this.nameInput.focus();
    const control = this.form.controlOf(remark.field);
    if (control) {
      control.element.closest("details").open = true;
      return control.input.focus();
    }
    this.area.focus();
    if (remark.line) this.area.setSelectionRange(...lineRange(this.area.value, remark.line));
  }

  // MARK: saving

  async #save() {
    if (!mayEdit()) return toast(viewerReason);
    if (this.isNew && this.name.trim() === "") {
      write(this.nameError, "Give it a name.");
      return this.nameInput.focus();
    }
    const error = this.check.errorOf(this.text);
    if (error) {
      toast("It cannot be used yet: see the check.", { kind: "error", stays: false });
      return this.#reach(error);
    }
    try {
      await (this.isNew ? this.#create() : this.#put());
    } catch (problem) {
      this.#refused(problem);
    }
  }

  async #create() {
    const receipt = followReceipt();
    const { id, digest } = await post("/schedules", { name: this.name, document: this.text });
    this.#done();
    const undo = async () => {
      const now = await get(schedulePath(id));
      await del(schedulePath(id), { seen: now.digest ?? digest });
      return `Deleted ${this.name} again.`;
    };
    receipt.expect(id, announce(`Created ${this.name}.`, { ids: [id], undo }), `Created ${this.name}.`);
    go(scheduleHash(id));
  }

  async #put(base = this.base, document = this.text, seen = this.digest) {
    if (document === base) {
      this.#done();
      return go(scheduleHash(this.id));
    }
    const receipt = followReceipt();
    try {
      await save(this.id, base, document, seen);
    } catch (error) {
      const theirs = error.body?.current;
      if (error.status !== 409 || !theirs) throw error;
      return this.#settle(base, document, theirs);
    }
    this.#done();
    const { id, name } = this;
    const undo = () => takeBack(id, name, { from: document, to: base });
    receipt.expect(id, announce(`Saved ${name}.`, { ids: [id], undo }), `Saved ${name}.`);
    go(scheduleHash(id));
  }

  async #settle(base, mine, theirs) {
    const choice = await resolve(base, mine, theirs.document);
    if (!choice) return;
    if (choice.document !== undefined) return this.#put(theirs.document, choice.document, theirs.digest);
    this.base = theirs.document;
    this.digest = theirs.digest;
    this.#set(theirs.document);
  }

  #done() {
    this.isDone = true;
    setGuard(null);
  }

  #refused(problem) {
    if (problem.status === 422 && problem.remarks.length > 0) {
      this.check.show({ is_usable: false, remarks: problem.remarks, upcoming: [], difference: [] }, this.text);
      this.#checked({ remarks: problem.remarks });
      toast("It was not stored: see the check.", { kind: "error", stays: false });
    } else if (problem.status === 409 && this.isNew) {
      this.#showTaken(true);
      this.nameInput.focus();
    } else {
      failed(problem);
    }
  }
}

const showProblem = (main, text) => {
  const heading = h("h1", "This cannot be edited here");
  main.replaceChildren(h("div.empty", heading, h("p", text), h("a.button", { href: listHash() }, "All schedules")));
  arrive(heading, "Edit");
};

const notText = new APIError(0,
  { error: { message: "The document is not text in UTF-8, so a form cannot keep its bytes. Use beat-watch edit." } });

async function load(id, signal) {
  const detail = await get(schedulePath(id), { signal });
  if (!detail.is_text) throw notText;
  return detail;
}

export async function editSchedule(main, route, signal) {
  const id = route.path[1];
  if (!mayEdit()) return showProblem(main, viewerReason);
  main.replaceChildren(h("p.loading", "Loading…"));
  live.watch([id]);
  try {
    const { row, document, digest } = await load(id, signal);
    new Editor(main, { id, name: row.name, document, digest, signal, isNew: false });
  } catch (error) {
    if (error.name === "AbortError") return;
    showProblem(main, error.message);
    live.on("again", () => go(location.hash), signal);
  }
}

export async function newSchedule(main, route, signal) {
  if (!mayEdit()) return showProblem(main, viewerReason);
  const from = route.query.get("from");
  live.watch([]);
  let document = template;
  try {
    if (from) document = (await load(from, signal)).document;
  } catch (error) {
    if (error.name !== "AbortError") failed(error);
  }
  if (signal.aborted) return;
  const editor = new Editor(main, { id: null, name: "", document, digest: null, signal, isNew: true });
  editor.nameInput.focus();
}
