"""Writes decimals.txt: Decimal128s as pymongo prints them. Each line: the high and the low eight bytes in hexadecimal, and
the text. Needs pymongo: `python3 decimals.py > decimals.txt`.
"""
import random
import struct

from bson.decimal128 import Decimal128

texts = """0 -0 0.10 1E+3 1E-6 1E-7 -12.50 123456789012345678901234567890.1234 9999999999999999999999999999999999 1E+6144
1E-6176 -1E-6176 5E+6111 0E+6111 0E-10 0E-6 0E-7 0E+3 10 1.0E+2 0.0000010 0.00000010 100E-7 NaN Infinity -Infinity""".split()
chance = random.Random(7)
for _ in range(60):
  digits = "".join(chance.choice("0123456789") for _ in range(chance.randint(1, 34))).lstrip("0") or "0"
  exponent = chance.choice([0, -1, -3, -6, -7, -33, -34, -40, 5, chance.randint(-6176, 6077)])
  texts.append(f"{chance.choice(['', '-'])}{digits}E{exponent}")
decimals = [Decimal128(text) for text in texts]
# More digits than there may be are zero.
decimals += [Decimal128.from_bid(struct.pack("<QQ", 5, high << 48)) for high in (0x6C11, 0xEC11, 0x6000)]

for decimal in decimals:
  low, high = struct.unpack("<QQ", decimal.bid)
  print(f"{high:016x} {low:016x} {decimal}")
