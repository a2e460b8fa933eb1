"""Changes of single fields, and every other byte."""

import json
import random

import pytest

from reactivebeat.errors import InvalidSchedule
from reactivebeat.jsontext import JSONText

LINE = '{"name": "a",  "n" : 1.50e1, "u":"\\u00e4", "o": {"x": [1, {"y": "}"}], "z": null}}'
LINES = '{\n    "name": "a",\n    "enabled": true\n}\n'


def changed(before: str, *change: object) -> str:
  text = JSONText(before)
  getattr(text, str(change[0]))(*change[1:])
  return text.text


@pytest.mark.parametrize("before, change, after", [
  (LINE, ("set", ("n",), "2"), LINE.replace("1.50e1", "2")),
  (LINE, ("set", ("new",), "[1]"), LINE[:-1] + ', "new": [1]}'),
  (LINE, ("set", ("o", "z"), "7"), LINE.replace("null", "7")),
  (LINE, ("set", ("o", "new"), "7"), LINE.replace("null", 'null, "new": 7')),
  (LINE, ("set", ("p", "q"), "7"), LINE[:-1] + ', "p": {"q": 7}}'),
  (LINE, ("remove", ("n",)), LINE.replace(',  "n" : 1.50e1', "")),
  (LINE, ("remove", ("name",)), LINE.replace('"name": "a",  ', "")),
  (LINE, ("remove", ("o",)), '{"name": "a",  "n" : 1.50e1, "u":"\\u00e4"}'),
  (LINE, ("remove", ("o", "x")), LINE.replace('"x": [1, {"y": "}"}], ', "")),
  (LINE, ("remove", ("absent",)), LINE),
  (LINE, ("replace", "n", "m", "2"), LINE.replace('"n" : 1.50e1', '"m" : 2')),
  (LINES, ("set", ("queue",), '"q"'), '{\n    "name": "a",\n    "enabled": true,\n    "queue": "q"\n}\n'),
  (LINES, ("remove", ("enabled",)), '{\n    "name": "a"\n}\n'),
  ("{}", ("set", ("a",), "1"), '{"a": 1}'),
  ('{"a": 1}', ("set", ("b",), "2"), '{"a": 1, "b": 2}'),
  ('{"a":1}', ("set", ("b",), "2"), '{"a":1,"b":2}'),
  ('{"a": 1}', ("remove", ("a",)), "{}"),
  ('{"a": 1, "b": 2, "a": 3}', ("set", ("a",), "4"), '{"a": 1, "b": 2, "a": 4}'),
  ('{"a": 1, "b": 2, "a": 3}', ("remove", ("a",)), '{"b": 2}'),
  ('{"d": ISODate("2027-01-01T00:00:00Z"), "n": NumberLong(5)}', ("set", ("e",), "true"),
   '{"d": ISODate("2027-01-01T00:00:00Z"), "n": NumberLong(5), "e": true}'),
])
def test_only_what_is_named_changes(before: str, change: tuple, after: str) -> None:
  assert changed(before, *change) == after


def test_random_changes_of_random_documents_are_what_python_does_with_them() -> None:
  chance = random.Random(7)
  keys = ["a", "b", "ü", 'q"', "\\", "longer name"]

  def value(depth: int = 0) -> object:
    kind = chance.randrange(7 if depth < 3 else 5)
    if kind == 5:
      return [value(depth + 1) for _ in range(chance.randrange(3))]
    if kind == 6:
      return {chance.choice(keys): value(depth + 1) for _ in range(chance.randrange(3))}
    return [1, 1.5, True, None, 'te"x}]{[t'][kind]

  for _ in range(1500):
    document = {key: value() for key in chance.sample(keys, chance.randrange(6))}
    text = JSONText(json.dumps(document, indent=chance.choice([None, 2]), ensure_ascii=chance.random() < 0.5,
                               separators=chance.choice([None, (",", ":")])))
    for _ in range(4):
      key = chance.choice(keys)
      if chance.random() < 0.5:
        document[key] = value()
        text.set((key,), json.dumps(document[key]))
      else:
        document.pop(key, None)
        text.remove((key,))
    assert json.loads(text.text) == document
    assert text.keys == list(document)


@pytest.mark.parametrize("text, reason", [
  ("", "line 1 column 1: is not a JSON object"),
  ("[]", "is not a JSON object"),
  ('{"a": 1', "column 8: expected ',' or '}'"),
  ('{"a" 1}', "expected ':'"),
  ("{a: 1}", "expected a field's name"),
  ('{"a": }', "expected a value"),
  ('{"a": [1}', "this bracket ends nothing"),
  ('{"a": [1', "this bracket has no end"),
  ('{"a": 1,}', "expected a field's name"),
  ('{"a": 1}\n\n x', "line 3 column 2: something follows"),
  ('{"a": 1} {}', "something follows"),
])
def test_what_is_no_object_is_told_with_its_place(text: str, reason: str) -> None:
  with pytest.raises(InvalidSchedule) as raised:
    JSONText(text)
  assert reason in str(raised.value)
