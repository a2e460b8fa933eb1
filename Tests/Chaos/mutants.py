"""Tests the test: the daemon without one of its safeguards must fail the suite."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import NamedTuple, Optional

from result import Result

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".build" / "mutants"

MUTATED = ("Sources", "Python")  # the folders that have safeguards

SCRIPTS = "Sources/BeatRedis/Scripts"
STORE = "Sources/BeatRedis/Store"
DRIVER = "Sources/BeatDriver"
SCHEDULING = "Sources/BeatCore/Scheduling"

class Mutant:
  """`edits`: [(file, text, instead)], where each text occurs in its file exactly once. `aims`: the faults and phases
  that show best that the safeguard is missing."""

  def __init__(self, name, edits, aims=()):
    self.name = name
    self.edits = edits
    self.aims = aims


MUTANTS = [
  Mutant("nothing", []),
  Mutant(
    "the watermark", [(f"{SCRIPTS}/fire.lua", "if marked and sub(marked, 1, 20) >= due then", "if false then")],
    ["same copy, heard late", "lease deleted", "any time", "just before due", "renewal sent"]),
  Mutant(
    "the watermark in what is read", [(f"{SCRIPTS}/read.lua", "'HMGET', keys[1],", "'HMGET', keys[1] .. '?',")]),
  Mutant(
    "the watermark of the first daemon that saw it",
    [(f"{SCRIPTS}/anchor.lua", "if not marks[i] and not taken[entry] then", "if true then")],
    ["delay of the others", "edits of that moment", "FLUSHDB", "lease deleted"]),
  Mutant(
    "the comparison of bytes", [(f"{SCRIPTS}/fire.lua", "elseif stands ~= old then", "elseif false then")],
    ["edits of that moment", "delay", "fire sent", "just before due"]),
  Mutant(
    "the lease's check",
    [(f"{SCRIPTS}/fire.lua", "if token ~= '' and call('GET', lease) ~= token then", "if false then")],
    ["delay of the others", "daemon: SIGSTOP > lease", "lease deleted", "fire sent"]),
  Mutant(
    "subscribe before scan",
    [(f"{DRIVER}/Daemon.swift",
      "    case .watching(let store):\n",
      "    case .watching(let store):\n"
      "      guard session == nil else { return election.receive(.connected(hears: changeDetection != .polling)) }\n"),
     (f"{STORE}/RedisStoreConnection.swift", "  private func subscribe() {\n",
      "  private func subscribe() {\n    begin()\n    isWatching = false\n")],
    ["edits of that moment", "subscribing", "scanning"]),
  Mutant(
    "the end of an old connection's reads",
    [(f"{SCHEDULING}/ReadsUnderWay.swift", "    reads.removeAll()\n", "")],
    ["cut", "CLIENT KILL", "document read"]),
  Mutant(
    "reading again what changed meanwhile",
    [(f"{SCHEDULING}/ReadsUnderWay.swift", "    guard reads[name] == nil else {\n      reads[name] = true\n",
      "    guard reads[name] == nil else {\n")],
    ["edits of that moment", "document read", "delay", "delay of the others"]),
  Mutant(
    "forgetting what is gone",
    [(f"{SCHEDULING}/Scheduler+Load.swift",
      "    for name in gone where !reads.contains(name) { remove(name) }\n", "    _ = gone\n")],
    ["edits of that moment", "subscribing"]),
]


def check(mutants):
  """Checks that each safeguard is still where its mutant looks for it. It builds nothing."""
  for mutant in mutants:
    for name, text, _ in mutant.edits:
      require(name, text, (PROJECT / name).read_text())
  print(f"{len(mutants)} mutants find their safeguards")


def require(name, text, source):
  if source.count(text) != 1:
    raise SystemExit(f"chaos: {name} holds {source.count(text)} times, instead of once:\n{text}\n"
                     "The source has changed: mend its mutant in Tests/Chaos/*mutants.py")


def prepare():
  """Makes a copy of the sources, so that the project's own sources are never changed."""
  source = FOLDER / "source"
  for name in (*MUTATED, "Tests"):
    shutil.rmtree(source / name, ignore_errors=True)
    shutil.copytree(PROJECT / name, source / name)
  for name in ("Package.swift", "Package.resolved"):
    if (PROJECT / name).exists():
      shutil.copy(PROJECT / name, source / name)
  return source


def mutate(source, edits):
  for name in MUTATED:
    shutil.rmtree(source / name)
    shutil.copytree(PROJECT / name, source / name)
  for name, text, instead in edits:
    path = source / name
    old = path.read_text()
    require(name, text, old)
    path.write_text(old.replace(text, instead))


def build(source):
  command = ["nice", "-n", "5", "swift", "build", "--product", "beat-watch", "--package-path", source, "--scratch-path",
             FOLDER / "build"]
  result = subprocess.run(command, capture_output=True, text=True)
  if result.returncode:
    raise SystemExit(f"chaos: a mutant does not build:\n{result.stdout[-3000:]}\n{result.stderr[-1000:]}")
  return FOLDER / "build" / "debug" / "beat-watch"


def try_out(options, binary, source, mutant):
  """The suite's result for a mutant. It ends at the first violation."""
  arguments = [
    sys.executable, pathlib.Path(__file__).with_name("chaos.py"), "--json", "--first", "--binary", binary, "--sources",
    source, "--seed", options.seed, "--iterations", options.iterations, "--seconds", options.seconds, "--jobs",
    options.jobs, "--patience", options.patience, "--variant", options.variant]
  for name, items in (("without", options.without), ("forgive", options.forgive), ("aim", mutant.aims)):
    for item in items:
      arguments += [f"--{name}", item]
  done = subprocess.run([str(part) for part in arguments], capture_output=True, text=True, env=os.environ)
  try:
    return Result.from_json(json.loads(done.stdout.splitlines()[-1]))
  except (IndexError, ValueError, KeyError):
    raise SystemExit(f"chaos: no result:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


class Outcome(NamedTuple):
  """What became of a mutant: its figures as columns, and what was found, if anything was."""

  columns: str
  found: Optional[str]
  #: The test itself had no fault.
  is_sound: bool = True


def try_all(options, mutants, program, heading, outcome):
  """Tries out the mutants that the options name, and prints a line for each.

  `outcome(options, binary, source, mutant)` tests one. Returns the program's status."""
  names = [mutant.name for mutant in mutants]
  if unknown := set(options.only) - set(names):
    raise SystemExit(f"{program}: there is no mutant {unknown}; there are: {', '.join(names)}")
  source = prepare()
  wrong = []
  print(f"seed {options.seed}, {heading}")
  for mutant in mutants:
    if options.only and mutant.name not in options.only:
      continue
    mutate(source, mutant.edits)
    result = outcome(options, build(source), source, mutant)
    is_right = (result.found is not None) == bool(mutant.edits) and result.is_sound
    print(f"{result.columns}  {(result.found or 'nothing')[:150]}{'' if is_right else '  <-- WRONG'}", flush=True)
    if not is_right:
      wrong.append(mutant.name)
  if wrong:
    print(f"FAILED: {', '.join(wrong)}")
  return 1 if wrong else 0


def outcome(options, binary, source, mutant):
  result = try_out(options, binary, source, mutant)
  found = result.violations[0].splitlines()[0] if result.violations else None
  seconds = sum(result.seconds.values())
  columns = f"{mutant.name:<37} {result.counts['iterations']:>10} {result.counts['fires']:>7} {seconds:>7.0f}"
  # A violation of rule 0 is one of the suite's own.
  return Outcome(columns, found, not (found or "").startswith("rule 0"))


COLUMNS = f"{'without':<37} {'iterations':>10} {'fires':>7} {'seconds':>7}  found"


def main(options):
  heading = f"at most {options.iterations} iterations each\n{COLUMNS}"
  return try_all(options, MUTANTS, "chaos", heading, outcome)


if __name__ == "__main__":
  check(MUTANTS)
