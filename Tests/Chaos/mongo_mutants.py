"""Tests the storm: the daemon without one of its safeguards on MongoDB must be found out."""

import json
import pathlib
import subprocess
import sys

from mutants import Mutant, Outcome, check, try_all

STORE = "Sources/BeatMongo/Store"
COMMIT = f"{STORE}/FireCommit.swift"

# Messages in documents of their own, instead of in the marks. They look like those of runs by hand that have been
# answered, which every relay carries.
_APART = [
  (COMMIT, "    let statements: [BSON] = candidates.map { candidate in\n",
   "    var apart: [BSON] = []\n    let statements: [BSON] = candidates.map { candidate in\n"),
  (COMMIT, "      return [\n        \"q\": [\n",
   "      let id: BSON = [\"request\": .text(\"\\(plan.taskID)\")]\n"
   "      apart.append([\"_id\": id, \"answer\": \"fired\", \"pending\": [item.value]])\n"
   "      return [\n        \"q\": [\n"),
  (COMMIT, "], append: item.value)", "])"),
]
_INSERT = ("    _ = try client.write(\n      [\"insert\": .text(place.marks), \"ordered\": false, \"writeConcern\": "
           "WriteConcern.majority, \"documents\": .array(%s)], on: place.database)\n")
_WRITE = ("    let reply = try client.write(\n      [\n        \"update\": .text(place.marks), \"ordered\": false, "
          "\"writeConcern\": WriteConcern.majority,\n")
_AFTER = "    context.room.added(fired.count)\n"
_FIRED = ("candidates.indices.filter { i in fired.contains { $0.index == candidates[i].index } }.map { apart[$0] }")

MUTANTS = [
  Mutant("nothing", []),
  Mutant(
    "the mark",
    [(COMMIT, "    if let marked = mark?.bytes, let outcome", "    if false, let marked = mark?.bytes, let outcome"),
     (COMMIT, "          \"mark\": candidate.mark?.isUnchanged ?? [\"$exists\": false],\n", "")],
    ["--no-lease"]),
  Mutant("the comparison", [(COMMIT, "      shown == plan.oldDocument\n", "      !shown.isEmpty\n")]),
  Mutant("the mark before the message", [*_APART, (COMMIT, _WRITE, _INSERT % "apart" + _WRITE)], ["--no-lease"]),
  Mutant(
    "the message in the mark",
    [*_APART, (COMMIT, _AFTER, f"    if !fired.isEmpty {{\n{_INSERT % _FIRED}    }}\n{_AFTER}")]),
  Mutant("the note of what is to be written", [(COMMIT, "            (\"redo\", Expression.literal(candidate.redo.value)),\n", "")]),
  Mutant(
    "the mark's exact text",
    [(COMMIT, "candidate.mark?.isUnchanged ?? [\"$exists\": false]",
      "candidate.mark?.mark == nil ? [\"$exists\": false] : [\"$lt\": .text(Watermark.digits(plan.due))]")],
    ["--no-lease"]),
]


def try_out(options, binary, source, mutant):
  """(the figures, the findings) of a storm with a mutant."""
  arguments = [
    sys.executable, pathlib.Path(__file__).with_name("mongo_storm.py"), "--json", "--binary", binary, "--sources",
    source, "--seed", f"{options.seed}-{mutant.name.replace(' ', '-')}", "--seconds", options.seconds, "--patience",
    options.patience, *mutant.aims]
  done = subprocess.run([str(part) for part in arguments], capture_output=True, text=True)
  try:
    result = json.loads(done.stdout.splitlines()[-1])
    return result["figures"], result["findings"]
  except (IndexError, ValueError, KeyError):
    raise SystemExit(f"mongo-storm: no result:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def outcome(options, binary, source, mutant):
  figures, findings = try_out(options, binary, source, mutant)
  columns = f"{mutant.name:<34} {figures['messages']:>8} {figures['asked']:>5} {figures['asked runs']:>5}"
  return Outcome(columns, ", ".join(f"{len(words)} {what}" for what, words in findings.items()) or None)


def main(options):
  heading = f"{options.seconds:g} s each\n{'without':<34} {'messages':>8} {'asked':>5} {'ran':>5}  found"
  return try_all(options, MUTANTS, "mongo-storm", heading, outcome)


if __name__ == "__main__":
  check(MUTANTS)
