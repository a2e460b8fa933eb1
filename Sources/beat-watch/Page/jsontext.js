// Changes single members of a JSON text. Every character that no change names stays as it is: the order, unknown
// fields, white space, and the spelling of numbers. JSON.parse and JSON.stringify keep none of these.

/** Deeper values are refused, so that no text can exhaust the stack. */
const deepest = 256;

export class JSONProblem extends Error {
  constructor(text, at) {
    super(text);
    this.at = at;
  }
}

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /(?:true|false|null)\b/y;
/** `ISODate("…")` and its like: the text that shells of databases print. */
const call = /[A-Z][A-Za-z]*\([^()]*\)/y;

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  skip(character) {
    this.take(space);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  fail(wanted) {
    const found = this.at < this.text.length ? `“${this.text[this.at]}”` : "the end";
    throw new JSONProblem(`${wanted} is expected, and ${found} found`, this.at);
  }

  value(depth = 0) {
    this.take(space);
    if (depth > deepest) throw new JSONProblem("Values lie too deep inside each other", this.at);
    const start = this.at;
    const first = this.text[start];
    if (first === "{") return { kind: "object", start, members: this.members(depth), end: this.at };
    if (first === "[") return { kind: "list", start, items: this.items(depth), end: this.at };
    for (const [kind, pattern] of [["text", string], ["number", number], ["literal", literal], ["call", call]]) {
      if (this.take(pattern) !== null) return { kind, start, end: this.at };
    }
    return this.fail(first === '"' ? "A text that ends with a quotation mark" : "A value");
  }

  members(depth) {
    const members = [];
    this.at += 1;
    if (this.skip("}")) return members;
    do {
      this.take(space);
      const keyStart = this.at;
      const key = this.take(string) ?? this.fail("A field's name in quotation marks");
      const keyEnd = this.at;
      if (!this.skip(":")) this.fail("A colon");
      members.push({ key: JSON.parse(key), keyStart, keyEnd, value: this.value(depth + 1) });
    } while (this.skip(","));
    if (!this.skip("}")) this.fail("A comma or a closing brace");
    return members;
  }

  items(depth) {
    const items = [];
    this.at += 1;
    if (this.skip("]")) return items;
    do items.push(this.value(depth + 1)); while (this.skip(","));
    if (!this.skip("]")) this.fail("A comma or a closing bracket");
    return items;
  }
}

/** The tree of a text, with the place of each value; throws a JSONProblem. */
export function scan(text) {
  const scanner = new Scanner(text);
  const root = scanner.value();
  scanner.take(space);
  if (scanner.at < text.length) scanner.fail("The end");
  return root;
}

/** The tree of a text that must be one object. */
export function scanDocument(text) {
  const root = scan(text);
  if (root.kind !== "object") throw new JSONProblem("A document is one JSON object", root.start);
  return root;
}

/** The value at a path through objects; of fields of one name the last one counts, as it does for the daemon. */
export function find(root, path) {
  return path.reduce((node, key) => node?.members?.findLast((member) => member.key === key)?.value, root);
}

export const raw = (text, node) => text.slice(node.start, node.end);

/** What a person reads of a value: the content of a text, the spelling of anything else. */
export function shown(text, node) {
  if (!node) return "";
  return node.kind === "text" ? JSON.parse(raw(text, node)) : raw(text, node);
}

export function isJSON(text) {
  try {
    scan(text);
    return true;
  } catch {
    return false;
  }
}

const replaced = (text, start, end, by) => text.slice(0, start) + by + text.slice(end);

/** Gives a field this JSON: in the old value's place, or behind the last field, in its style. */
export function set(text, path, json) {
  const root = scanDocument(text);
  const old = find(root, path);
  if (old) return replaced(text, old.start, old.end, json);
  const key = path.at(-1);
  const parent = find(root, path.slice(0, -1));
  if (parent?.kind === "object") return inserted(text, parent, key, json);
  return set(text, path.slice(0, -1), `{${JSON.stringify(key)}: ${json}}`);
}

function inserted(text, object, key, json) {
  const last = object.members.at(-1);
  if (!last) return replaced(text, object.start + 1, object.end - 1, `${JSON.stringify(key)}: ${json}`);
  const colon = text.slice(last.keyEnd, last.value.start);
  const member = JSON.stringify(key) + colon + json;
  return replaced(text, last.value.end, last.value.end, separator(text, object, colon) + member);
}

function separator(text, object, colon) {
  const last = object.members.at(-1);
  const before = object.members.at(-2);
  if (before) return text.slice(before.value.end, last.keyStart);
  const lead = text.slice(object.start + 1, last.keyStart);
  return "," + (lead || (colon.length > 1 ? " " : ""));
}

/** Puts another field in a field's place, so that its neighbours stay its neighbours. */
export function rename(text, key, newKey, json) {
  const member = scanDocument(text).members.findLast((each) => each.key === key);
  if (!member) return set(text, [newKey], json);
  const changed = replaced(text, member.value.start, member.value.end, json);
  return replaced(changed, member.keyStart, member.keyEnd, JSON.stringify(newKey));
}

/** Takes a field out, each one of its name: without the last one, the one before would count. */
export function remove(text, path) {
  const key = path.at(-1);
  for (;;) {
    const members = find(scanDocument(text), path.slice(0, -1))?.members ?? [];
    const index = members.findLastIndex((member) => member.key === key);
    if (index < 0) return text;
    text = without(text, members, index);
  }
}

function without(text, members, index) {
  const { keyStart, value } = members[index];
  if (index > 0) return replaced(text, members[index - 1].value.end, value.end, "");
  return replaced(text, keyStart, members[1]?.keyStart ?? value.end, "");
}

/** The JSON of each field of a document by its name; null if the text is no document. */
export function fields(text) {
  try {
    return new Map(scanDocument(text).members.map(({ key, value }) => [key, raw(text, value)]));
  } catch {
    return null;
  }
}

/** The same values over several lines, with no other change than white space. */
export function laidOut(text) {
  const write = (node, indent) => {
    const inner = `${indent}  `;
    const member = (each) => `${text.slice(each.keyStart, each.keyEnd)}: ${write(each.value, inner)}`;
    const isSmall = node.end - node.start < 60 && !node.members?.some(({ value }) => value.members?.length);
    if (node.members?.length && (indent === "" || !isSmall)) {
      const lines = node.members.map((each) => inner + member(each));
      return `{\n${lines.join(",\n")}\n${indent}}`;
    }
    if (node.members?.length) return `{${node.members.map(member).join(", ")}}`;
    if (node.items?.length && isSmall) return `[${node.items.map((item) => write(item, inner)).join(", ")}]`;
    if (node.items?.length) return `[\n${node.items.map((item) => inner + write(item, inner)).join(",\n")}\n${indent}]`;
    return node.members ? "{}" : node.items ? "[]" : raw(text, node);
  };
  return write(scan(text), "");
}

/** Where a line begins and ends. */
export function lineRange(text, line) {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}

export const lineOf = (text, offset) => text.slice(0, offset).split("\n").length;

/**
 * Carries what was typed into a text field over to the text that the field was given. A text field shows each end of
 * a line as one character, whatever it is in the text.
 */
export function typed(text, shownBefore, shownAfter) {
  let start = 0;
  const shorter = Math.min(shownBefore.length, shownAfter.length);
  while (start < shorter && shownBefore[start] === shownAfter[start]) start += 1;
  let tail = 0;
  while (tail < shorter - start && shownBefore.at(-1 - tail) === shownAfter.at(-1 - tail)) tail += 1;
  const places = placesOf(text);
  const [from, to] = [places(start), places(shownBefore.length - tail)];
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const between = shownAfter.slice(start, shownAfter.length - tail).replaceAll("\n", lineEnd);
  return replaced(text, from, to, between);
}

export const asShown = (text) => text.replace(/\r\n?/g, "\n");

function placesOf(text) {
  if (!text.includes("\r")) return (offset) => offset;
  return (offset) => {
    let at = 0;
    for (let seen = 0; seen < offset; seen += 1) at += text.startsWith("\r\n", at) ? 2 : 1;
    return at;
  };
}
