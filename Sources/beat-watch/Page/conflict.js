// Two people changed one document: what each of them changed, and a text with both changes where that can be.

import { button, h } from "./dom.js";
import { open } from "./dialog.js";
import { fields, remove, set } from "./jsontext.js";

/** Fields that the daemon writes at each run: a change of them is nobody's edit. */
const bookkeeping = new Set(["last_run_at", "total_run_count", "run_immediately"]);

/** The fields that differ from the base in one of the two texts; null if one of the three is no document. */
export function compare(base, mine, theirs) {
  const [was, my, their] = [base, mine, theirs].map(fields);
  if (!was || !my || !their) return null;
  return [...new Set([...was.keys(), ...my.keys(), ...their.keys()])]
    .map((key) => ({ key, was: was.get(key), my: my.get(key), their: their.get(key) }))
    .filter(({ was, my, their }) => was !== my || was !== their)
    .map((row) => ({ ...row, isMine: row.my !== row.was, isTheirs: row.their !== row.was }));
}

/** My changes written into their text; null if both changed one field to different values. */
export function join(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  if (!rows || rows.some(({ isMine, isTheirs, my, their }) => isMine && isTheirs && my !== their)) return null;
  return rows.filter(({ isMine }) => isMine).reduce(
    (text, { key, my }) => (my === undefined ? remove(text, [key]) : set(text, [key], my)), theirs);
}

/** Whether the daemon alone wrote the other text. */
export function isBookkeeping(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  return Boolean(rows?.every(({ key, isTheirs }) => !isTheirs || bookkeeping.has(key)));
}

const cell = (text, isChanged) =>
  h("td", null, text === undefined ? h("span", { class: "faint" }, "not there") : h("code", { class: isChanged ? "changed" : "" }, text));

/** Asks what to do: `{ document }` to be saved, `{ theirs: true }`, or null to go on editing. */
export function resolve(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  const joined = join(base, mine, theirs);
  return open("Somebody changed it meanwhile", (close) => [
    h("div", { class: "dialog-body" },
      h("p", null, joined
        ? "The two changes touch different fields, so both can be kept."
        : "Both changes touch the same place. Decide whose counts."),
      rows ? table(rows) : texts(mine, theirs)),
    h("footer", null,
      button("Go on editing", () => close()),
      button("Take theirs", () => close({ theirs: true })),
      button("Save mine over theirs", () => close({ document: mine }), { kind: joined ? "" : "danger" }),
      joined && button("Keep both", () => close({ document: joined }), { kind: "primary", autofocus: true })),
  ], { wide: true });
}

const table = (rows) =>
  h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What was changed" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["Field", "Before", "Theirs, in the store", "Yours"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", null, rows.map((row) => h("tr", null,
      h("th", { scope: "row" }, h("code", null, row.key)),
      cell(row.was), cell(row.their, row.isTheirs), cell(row.my, row.isMine))))));

const texts = (mine, theirs) =>
  h("div", { class: "two" },
    h("div", null, h("h3", null, "Theirs, in the store"), h("pre", { class: "code", tabindex: "0" }, theirs)),
    h("div", null, h("h3", null, "Yours"), h("pre", { class: "code", tabindex: "0" }, mine)));
