// What a check says of a document: errors, warnings and notes, each with the way to its place.

import { button, h } from "./dom.js";

export const levels = { error: "Error", warning: "Warning", note: "Note", ok: "OK" };
const gravity = ["error", "warning", "note", "ok"];

export const worstFirst = (list) => [...list].sort((a, b) => gravity.indexOf(a.level) - gravity.indexOf(b.level));

/** `reach(remark)` leads to the place of a remark, where there is one. */
export function remarkList(remarks, reach) {
  return h("ul.remarks", worstFirst(remarks).map((remark) => {
    const place = remark.field ?? (remark.line ? `line ${remark.line}` : null);
    return h("li", { class: `level-${remark.level}` },
      h("span.level", levels[remark.level] ?? remark.level),
      h("span", place && (reach ? button(place, () => reach(remark), { kind: "link" }) : h("code", place)),
        place && " ", remark.text));
  }));
}
