// The check of a document that is being typed: what is wrong, what would change, and when it would run.

import { post } from "./api.js";
import { fill, h, jsonCell, plainTable, write } from "./dom.js";
import { remarkList } from "./remarks.js";
import { upcomingList } from "./upcoming.js";
import { plural } from "./words.js";

/** The pause after the last key before the server is asked. */
const pause = 250;

export class CheckPanel {
  constructor({ reach, signal, done }) {
    Object.assign(this, { reach, signal, done });
    this.state = h("p.check-state", { id: "check-state", role: "status" });
    this.body = h("div.check-body");
    this.element = h("div", this.state, this.body);
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  wait(text) {
    this.#say(text, "note");
  }

  look(asked, { isAtOnce = false } = {}) {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.timer = setTimeout(() => this.#ask(asked), isAtOnce ? 0 : pause);
  }

  async #ask(asked) {
    const asking = new AbortController();
    this.asking = asking;
    this.signal.addEventListener("abort", () => asking.abort(), { once: true });
    try {
      const answer = await post("/check", asked, { signal: asking.signal });
      // Of a new document everything is new.
      this.show(asked.id === null ? { ...answer, difference: [] } : answer, asked.document);
      this.done(this.answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.answer = null;
      this.#say(`It could not be checked: ${error.message}`, "warning");
    }
  }

  #say(text, level) {
    write(this.state, text);
    this.state.className = `check-state level-${level}`;
  }

  show(answer, document) {
    this.answer = answer;
    this.document = document;
    const { remarks = [], upcoming = [], difference = [], words } = answer;
    const errors = remarks.filter(({ level }) => level === "error").length;
    const warnings = remarks.filter(({ level }) => level === "warning").length;
    if (answer.is_usable && warnings) this.#say(`It can be used, with ${plural(warnings, "warning")}.`, "warning");
    else if (answer.is_usable) this.#say("It can be used.", "ok");
    else this.#say(errors ? `It cannot be used: ${plural(errors, "error")}.` : "It cannot be used.", "error");
    const parts = [
      words && h("p.lead.small", words),
      remarks.length > 0 && remarkList(remarks, this.reach),
      answer.is_usable && [h("h3", "Next runs"), upcomingList(upcoming)],
      difference.length > 0 && [h("h3", "What changes"), differenceTable(difference)],
    ];
    fill(this.body, parts);
  }

  /** The first error of this text, as far as it has been checked. */
  errorOf(document) {
    if (!this.answer || this.answer.is_usable || this.document !== document) return null;
    return this.answer.remarks?.find(({ level }) => level === "error") ?? {};
  }
}

const differenceTable = (difference) =>
  plainTable("What changes", ["Field", "Before", "After"], difference.map(({ field, before, after }) =>
    [field, jsonCell(before, "was"), jsonCell(after, "is")]));
