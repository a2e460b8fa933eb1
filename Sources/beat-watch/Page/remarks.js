// What a check says of a document: errors, warnings and notes, each with the way to its place.

import { button, h } from "./dom.js";

const words = { error: "Error", warning: "Warning", note: "Note" };
const gravity = ["error", "warning", "note"];

/** `reach(remark)` leads to the place of a remark, where there is one. */
export function remarkList(remarks, reach) {
  const order = [...remarks].sort((a, b) => gravity.indexOf(a.level) - gravity.indexOf(b.level));
  return h("ul.remarks", order.map((remark) => {
    const place = remark.field ?? (remark.line ? `line ${remark.line}` : null);
    return h("li", { class: `level-${remark.level}` },
      h("span.level", words[remark.level] ?? remark.level),
      h("span", place && (reach ? button(place, () => reach(remark), { kind: "link" }) : h("code", place)),
        place && " ", remark.text));
  }));
}
