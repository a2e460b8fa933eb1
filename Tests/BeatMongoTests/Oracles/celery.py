"""Writes celery.txt: what Celery makes of values that pymongo reads. Each line: a document in hexadecimal, whose `args`
holds the value, a space, and what kombu writes of these `args`; `!` and a reason where they could not be sent as JSON.
Needs pymongo and Celery 5.6: `python3 celery.py > celery.txt`.
"""
import math
import random
import struct
import sys
from datetime import datetime

sys.path.pop(0)  # This folder: the script has Celery's own name.

import bson  # noqa: E402
from bson.binary import Binary  # noqa: E402
from bson.code import Code  # noqa: E402
from bson.decimal128 import Decimal128  # noqa: E402
from bson.int64 import Int64  # noqa: E402
from bson.max_key import MaxKey  # noqa: E402
from bson.min_key import MinKey  # noqa: E402
from bson.objectid import ObjectId  # noqa: E402
from bson.regex import Regex  # noqa: E402
from bson.timestamp import Timestamp  # noqa: E402
from kombu.utils.json import dumps  # noqa: E402


def document(kind, content):
  """A document whose `args` is an array of one value, given by the byte of its type and its own bytes."""
  items = bytes([kind]) + b"0\0" + content
  array = struct.pack("<i", len(items) + 5) + items + b"\0"
  member = b"\x04args\0" + array
  return struct.pack("<i", len(member) + 5) + member + b"\0"


def string(text):
  return struct.pack("<i", len(text) + 1) + text + b"\0"


def binary(subtype, content):
  return document(5, struct.pack("<i", len(content)) + bytes([subtype]) + content)


def date(milliseconds):
  return document(9, struct.pack("<q", milliseconds))


def answer(encoded):
  try:
    args = bson.decode(encoded)["args"]
    text = dumps(args)
    return text if finite(args) else "!no JSON"
  except Exception as error:
    return f"!{type(error).__name__}"


def finite(value):
  if isinstance(value, float):
    return math.isfinite(value)
  if isinstance(value, dict):
    return all(map(finite, value.values()))
  return all(map(finite, value)) if isinstance(value, list) else True


def args(*values):
  return bson.encode({"args": list(values)})


cases = [
  args(), args(None, True, False, 0, -1, 2**31, -(2**63), Int64(5), "a", "", "é\"\\\n\r\t\b\f\0\x7f/🎉 \u2028"),
  args({"a": [1, {"b": 2}], "": None, "$c": 3, "d.e": 4, "é": 5}, [[], {}]),
  args(*[float(text) for text in """0.1 -0.0 1 1e16 1e15 123456789012345678 1e22 0.0001 0.00001 5e-324 1.7976931348623157e308
    2.5 -1e-7 100 1e100 9007199254740993 0.30000000000000004 1795672772.002""".split()]),
  args(float("nan")), args(float("inf")), args({"a": [float("-inf")]}),
  args(datetime(2026, 1, 2, 3, 4, 5, 678000)), args({"when": datetime(2026, 1, 2)}),
  *map(date, [0, -1, 1, 253402300799999, 253402300800000, -62135596800000, -62135596800001, 2**62, -(2**62)]),
  args(b""), args(b"abc"), args("é".encode()), args(b"\xff\x00"), args(bytes(range(256))), args([{"a": b"\"\n"}]),
  *[binary(subtype, b"abc") for subtype in (0, 1, 3, 4, 5, 6, 7, 8, 128, 255)],
  *[binary(subtype, bytes(range(100, 116))) for subtype in (3, 4)], binary(4, b"\xff" * 16),
  binary(2, struct.pack("<i", 3) + b"abc"), binary(2, struct.pack("<i", 3) + b"\xff\xfe\xfd"),
  binary(2, struct.pack("<i", 2) + b"abc"), binary(2, b"ab"), binary(2, b""), binary(2, struct.pack("<i", 0)),
  document(6, b""), document(14, string(b"symbol")), document(13, string("é()".encode())), document(14, string(b"\xff")),
  document(13, string(b"\xff")), document(2, string(b"\xff")), document(2, string(b"\xed\xa0\x80")),
  document(12, string(b"db.c") + b"123456789012"), args(Code("x()", {"a": 1})), args(Code("x()", {})),
  args(ObjectId(b"123456789012")), args(Decimal128("0.10")), args(Decimal128("5")), args(Decimal128("NaN")),
  args(Regex("a", "i")), args(Timestamp(1, 2)), args(MinKey()), args(MaxKey()), args({"a": [1, ObjectId(b"123456789012")]}),
  args({"$ref": "c", "$id": 5}), args({"x": 1, "$id": None, "$ref": "c", "$db": "d"}), args({"$ref": "c", "$id": 5, "$db": 7}),
  args({"$ref": 5, "$id": 5}), args({"$ref": "c"}), args({"$id": 5}),
  args({"$date": 5}), args({"__type__": "bytes", "__value__": "x"}), args({"$oid": "x", "$numberLong": "5"}),
]

chance = random.Random(11)


def value(depth):
  kind = chance.randint(0, 9 if depth < 3 else 7)
  if kind == 0:
    return chance.choice([None, True, False])
  if kind == 1:
    return chance.randint(-(2**chance.randint(1, 63)), 2**chance.randint(1, 63) - 1)
  if kind in (2, 3):
    number = struct.unpack("<d", chance.randbytes(8))[0]
    return number if math.isfinite(number) else chance.uniform(-1e6, 1e6)
  if kind == 4:
    return round(chance.uniform(-1e3, 1e3), chance.randint(0, 6))
  if kind == 5:
    return "".join(chance.choice("ab \"\\\n\x1f\x7fé☃🎉\u0301\u2028") for _ in range(chance.randint(0, 9)))
  if kind == 6:
    return datetime.fromtimestamp(0).replace(year=chance.randint(1, 9999), microsecond=chance.randint(0, 999) * 1000)
  if kind == 7:
    return chance.choice([Binary(chance.randbytes(3)), b"abc", Int64(chance.randint(0, 9))])
  if kind == 8:
    return [value(depth + 1) for _ in range(chance.randint(0, 4))]
  return {chance.choice("abcé\"."): value(depth + 1) for _ in range(chance.randint(0, 4))}


cases += [args(value(0), value(0)) for _ in range(150)]
for case in cases:
  print(case.hex(), answer(case))
