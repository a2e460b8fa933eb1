// The page's text of a document: what the form changes, and what it must leave as it is.
// Run with `node --test Tests/Browser`.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as text from "../../Sources/beat-watch/Page/jsontext.js";
import { compare, isBookkeeping, join } from "../../Sources/beat-watch/Page/merge.js";

const document = `{ "name": "a",
  "kwargs": {"rate": 1.50, "big": 12345678901234567890, "e": 1E3, "tail": "\\u00fc\\/"},
\t"task" :"t", "enabled":true , "unknown": [1.0, {"x": null}]}`;

test("a changed field keeps every other character", () => {
  assert.equal(text.set(document, ["task"], '"u"'), document.replace('"t"', '"u"'));
  assert.equal(text.set(document, ["kwargs", "e"], "2"), document.replace("1E3", "2"));
});

test("a new field stands behind the last one, in its style", () => {
  assert.equal(text.set('{"a":1}', ["b"], "2"), '{"a":1,"b":2}');
  assert.equal(text.set('{"a": 1}', ["b"], "2"), '{"a": 1, "b": 2}');
  assert.equal(text.set('{\n  "a": 1\n}', ["b"], "2"), '{\n  "a": 1,\n  "b": 2\n}');
  assert.equal(text.set("{ }", ["b"], "2"), '{"b": 2}');
  assert.equal(text.set('{"a": 1}', ["options", "queue"], '"q"'), '{"a": 1, "options": {"queue": "q"}}');
});

test("a field is taken out with its comma, each one of its name", () => {
  assert.equal(text.remove('{"a": 1, "b": 2}', ["a"]), '{"b": 2}');
  assert.equal(text.remove('{"a": 1, "b": 2}', ["b"]), '{"a": 1}');
  assert.equal(text.remove('{"a": 1, "b": 2, "a": 3}', ["a"]), '{"b": 2}');
  assert.equal(text.remove('{"a": 1}', ["a"]), "{}");
  assert.equal(text.remove('{"a": 1}', ["b", "c"]), '{"a": 1}');
});

test("of fields of one name the last one counts", () => {
  assert.equal(text.set('{"a": 1, "a": 2}', ["a"], "3"), '{"a": 1, "a": 3}');
  const twice = '{"a": 1, "\\u0061": 2}';
  assert.equal(text.shown(twice, text.find(text.scan(twice), ["a"])), "2");
});

test("another kind takes the place of the one before", () => {
  const before = '{"x": 1, "interval": {}, "y": 2}';
  assert.equal(text.rename(before, "interval", "crontab", "{}"), before.replace("interval", "crontab"));
});

test("what is no JSON is refused, with its place", () => {
  for (const bad of ["", "{", '{"a"}', '{"a": 1,}', "[1 2]", "01", "+1", ".5", "nul", "'a'", '"\n"', '"\\x"', "1 2"]) {
    assert.throws(() => text.scan(bad), text.JSONProblem, bad);
  }
  assert.throws(() => text.scan("[".repeat(100_000)), text.JSONProblem);
  assert.throws(() => text.scanDocument("[]"), text.JSONProblem);
});

test("what is typed into a text field keeps the ends of lines", () => {
  const lines = '{\r\n"a": 1\r\n}\r\n';
  assert.equal(text.typed(lines, text.asShown(lines), '{\n"a": 12\n}\n'), '{\r\n"a": 12\r\n}\r\n');
  assert.equal(text.typed(lines, text.asShown(lines), '{\n"a": 1,\n"b": 2\n}\n'), '{\r\n"a": 1,\r\n"b": 2\r\n}\r\n');
  assert.equal(text.typed("aa", "aa", "a"), "a");
});

test("laying out changes white space only", () => {
  const bare = (json) => json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : ""));
  assert.equal(bare(text.laidOut(document)), bare(document));
});

test("edits at random do what JSON.parse says, and nothing else", () => {
  let seed = 1;
  const random = (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const value = (depth) => [() => random(1000) / 8, () => null, () => "a\"\\\u00fc\n😀", () => [random(9), [true]],
    () => (depth > 2 ? {} : object(depth + 1))][random(5)]();
  const object = (depth = 0) =>
    Object.fromEntries(Array.from({ length: random(5) }, () => [`k${random(7)}`, value(depth)]));
  for (let round = 0; round < 3000; round += 1) {
    const model = object();
    const before = JSON.stringify(model, null, [undefined, 1, 2, "\t"][random(4)]);
    const key = `k${random(7)}`;
    if (random(3) === 0) {
      delete model[key];
      assert.deepEqual(JSON.parse(text.remove(before, [key])), model);
    } else {
      model[key] = value(0);
      assert.deepEqual(JSON.parse(text.set(before, [key], JSON.stringify(model[key]))), model);
    }
  }
});

test("changes of different fields are joined, and of one field they are not", () => {
  const base = '{"a": 1.0, "b": 2, "total_run_count": 5}';
  const mine = '{"a": 1.0, "b": 3, "total_run_count": 5}';
  assert.equal(join(base, mine, '{"b": 2, "a": 7, "total_run_count": 6}'), '{"b": 3, "a": 7, "total_run_count": 6}');
  assert.equal(join(base, mine, base.replace("2", "4")), null);
  assert.equal(join(base, "no JSON", base), null);
  assert.ok(isBookkeeping(base, mine, base.replace("5", "6")));
  assert.ok(!isBookkeeping(base, mine, base.replace("1.0", "1")));
  assert.deepEqual(compare(base, mine, base).map(({ key }) => key), ["b"]);
});
