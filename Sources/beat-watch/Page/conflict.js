// Two people changed one document: the dialog that shows both changes and asks whose counts.

import { open } from "./dialog.js";
import { button, h, jsonCell, plainTable } from "./dom.js";
import { compare, join } from "./merge.js";

/** Asks what to do: `{ document }` to be saved, `{ theirs: true }`, or null to go on editing. */
export function resolve(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  const joined = join(base, mine, theirs);
  return open("Somebody changed it meanwhile", (close) => [
    h("div.dialog-body",
      h("p", joined
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
  plainTable("What was changed", ["Field", "Before", "Theirs, in the store", "Yours"],
    rows.map(({ key, was, their, my, isTheirs, isMine }) =>
      [key, jsonCell(was), jsonCell(their, isTheirs && "is"), jsonCell(my, isMine && "is")]));

const texts = (mine, theirs) =>
  h("div.two",
    h("div", h("h3", "Theirs, in the store"), h("pre.code", { tabindex: "0" }, theirs)),
    h("div", h("h3", "Yours"), h("pre.code", { tabindex: "0" }, mine)));
