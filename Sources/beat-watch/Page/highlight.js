// The text of a document in colours. A text that is no JSON stays plain.

import { h } from "./dom.js";
import { scan } from "./jsontext.js";

/** Longer documents stay plain: each colour is an element. */
const longest = 20_000;

export function highlighted(text) {
  const marks = [];
  try {
    if (text.length <= longest) collect(scan(text), marks);
  } catch {
    return [text];
  }
  const parts = [];
  let at = 0;
  for (const [start, end, kind] of marks) {
    parts.push(text.slice(at, start), h("span", { class: `j-${kind}` }, text.slice(start, end)));
    at = end;
  }
  return [...parts, text.slice(at)];
}

function collect(node, marks) {
  for (const { keyStart, keyEnd, value } of node.members ?? []) {
    marks.push([keyStart, keyEnd, "key"]);
    collect(value, marks);
  }
  for (const item of node.items ?? []) collect(item, marks);
  if (!node.members && !node.items) marks.push([node.start, node.end, node.kind]);
}
