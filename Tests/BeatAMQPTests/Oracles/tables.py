"""Writes tables.txt: JSON objects as py-amqp writes them as tables. Run with amqp 5.4.2: python3 tables.py > tables.txt

A line is `JSON <tab> hexadecimal bytes` or `JSON <tab> !` where py-amqp refuses. It is asked for each member of each
object, so that it also refuses a value which a later member of the same name replaces. The random objects are the same
in each run."""

import json
import random

from amqp.serialization import dumps

RULES = [
  "0", "-0", "7", "-7", "2147483647", "2147483648", "-2147483647", "-2147483648", "-2147483649", "4294967296",
  "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
  "123456789012345678901234567890", "0.0", "-0.0", "1.0", "1e2", "1E+2", "1e-2", "0.1", "2.5", "1e16", "1e22", "1e23",
  "123456789012345678901234567890.5", "9007199254740993.0", "4.9406564584124654e-324", "2e-324", "1e-400",
  "2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308", "1e400", "-1e400", "NaN", "Infinity",
  "-Infinity", "0e999999999999", "1e99999999999999999999", "null", "true", "false", '""', '"text"', '"\u00e4\u2603"',
  '"\\u00e4\\u2603\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\ud83d\\ude00"', '"\\ud800x\\udc00"',
  '"\\ud83d\\u0041"', '"\\uD83D\\uDE00"', '"\\u0000"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\U0001f600\\u0007"', "[]", "[[]]",
  "{}", '[{}, [], null, true, "x", 1, 2.5]', '{"a": {"b": {"c": []}}}', "[" * 60 + "]" * 60,
]
OBJECTS = [
  "{}", '{"": 1}', '{"%s": 1}' % ("k" * 255), '{"%s": 1}' % ("k" * 256), '{"%s": 1}' % ("\u00e4" * 127),
  '{"%s": 1}' % ("\u00e4" * 128), '{"\\ud800": 1}', '{"%s": 1}' % ("\\u0041" * 255), '{"a": {"%s": 1}}' % ("k" * 256),
  '{"a": 1, "b": 2, "a": 3}', '{"a": 1, "\\u0061": "longer than before", "b": 2}', '{"a": [1, 2, 3], "b": 2, "a": {}}',
  '{"a": {"x": 1, "y": 2, "x": 3}, "b": 0, "a": {"y": 1, "y": 2}}', '{"a": 99999999999999999999, "a": 1}',
  ' { "a" : [ 1 , 2 ] , "b" : { "c" : null } } ', '{"a":1,"b":[2,3],"c":{"d":4}}', '{"\u2603": "\u2603"}',
  '{"callbacks": null, "a": {"b": 1, "b": {"c": 1, "c": 2}, "d": 3, "b": [4]}, "e": 5}',
]
CHARACTERS = ['a', 'z', ' ', '/', "'", '\u00e4', '\u2603', '\U0001f600', '\\n', '\\"', '\\\\', '\\u00e4', '\\ud83d\\ude00',
              '\\ud83d', '\\u0007', '\\/']


def text(chance):
  return '"' + "".join(chance.choice(CHARACTERS) for _ in range(chance.choice([0, 1, 3, 8, 20]))) + '"'


def number(chance):
  kind = chance.randrange(6)
  if kind == 0:
    return str(chance.randrange(-9, 100))
  if kind == 1:
    return str(chance.choice([1, -1]) * (2 ** chance.randrange(64) + chance.randrange(-1, 2)))
  if kind == 2:
    return repr(chance.uniform(-1e6, 1e6))
  if kind == 3:
    return "%s%d.%de%d" % (chance.choice(["", "-"]), chance.randrange(10), chance.randrange(10**9), chance.randrange(-330, 330))
  if kind == 4:
    return chance.choice(["NaN", "Infinity", "-Infinity", "-0.0", "-0", "1e3"])
  return "".join(chance.choice("123456789") for _ in range(chance.choice([5, 18, 19, 20])))


def space(chance):
  return chance.choice(["", "", "", " ", "  "])


def value(chance, depth):
  kind = chance.randrange(8 if depth > 0 else 5)
  if kind == 0:
    return chance.choice(["null", "true", "false"])
  if kind in (1, 2):
    return number(chance)
  if kind in (3, 4):
    return text(chance)
  if kind == 5:
    items = [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return "[" + ("," + space(chance)).join(items) + space(chance) + "]"
  return table(chance, depth - 1)


def table(chance, depth):
  members = []
  for _ in range(chance.randrange(5)):
    name = text(chance) if chance.random() < 0.5 else '"%s"' % chance.choice("abc")
    members.append(name + space(chance) + ":" + space(chance) + value(chance, depth))
  return "{" + space(chance) + (space(chance) + "," + space(chance)).join(members) + "}"


def checked(members):
  for name, content in members:
    dumps("F", [{name: content}])
  return dict(members)


def main():
  chance = random.Random(17)
  texts = ['{"k": %s}' % rule for rule in RULES] + OBJECTS + [table(chance, 4) for _ in range(300)]
  for spelling in dict.fromkeys(texts):
    try:
      answer = dumps("F", [json.loads(spelling, object_pairs_hook=checked)]).hex()
    except Exception:
      answer = "!"
    print(spelling, answer, sep="\t")


main()
