"""Writes Sources/beat-watch/Output/WideScalars.swift: the code points that take two columns on a terminal.

Those are the ones whose East Asian Width is W or F (Unicode Standard Annex 11), by the Unicode data of the Python that
runs this. Run it again when Python's data are newer: python3 scripts/lib/display_width.py
"""

import pathlib
import sys
import unicodedata

PROJECT = pathlib.Path(__file__).resolve().parents[2]
TARGET = PROJECT / "Sources/beat-watch/Output/WideScalars.swift"


def wide_ranges():
  """The first and the last of each run of wide code points."""
  runs = []
  for value in range(sys.maxunicode + 1):
    if unicodedata.east_asian_width(chr(value)) not in ("W", "F"):
      continue
    if runs and runs[-1][1] == value - 1:
      runs[-1][1] = value
    else:
      runs.append([value, value])
  return runs


def main():
  runs = wide_ranges()
  lines = [
    "// Written by scripts/lib/display_width.py.",
    "",
    "/// Code points whose East Asian Width is W or F: they take two columns on a terminal.",
    "enum WideScalars {",
    "  /// The version of Unicode's data from which the ranges are made.",
    f'  static let unicodeVersion = "{unicodedata.unidata_version}"',
    "",
    "  /// The first and the last code point of each range, in their order.",
    "  static let ranges: [(first: UInt32, last: UInt32)] = [",
  ]
  row = "   "
  for first, last in runs:
    item = f" (0x{first:X}, 0x{last:X}),"
    if len(row) + len(item) > 118:
      lines.append(row)
      row = "   "
    row += item
  lines += [row, "  ]", "}"]
  TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
  main()
