"""Tests the test: the daemon without one of its safeguards must fail the suite."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".build" / "mutants"

SCRIPTS = "Sources/ReactiveBeat/Scripts"
SCHEDULING = "Sources/BeatCore/Scheduling"

# What is removed: [(file, text, instead)]. Each text stands in its file exactly once.
MUTANTS = {
  "nothing": [],
  "the mark": [(f"{SCRIPTS}/fire.lua", "if marked and string.sub(marked, 1, 20) >= due then", "if false then")],
  "the comparison of bytes": [(f"{SCRIPTS}/fire.lua", " or redis.call('GET', document) ~= old", "")],
  "the lease's check": [
    (f"{SCRIPTS}/fire.lua", "if token ~= '' and redis.call('GET', lease) ~= token then return {'FENCED'} end", "")],
  "subscribe before scan": [
    ("Sources/ReactiveBeat/Store/StoreSession.swift", "  private func probe() {\n    guard !isOver else { return }\n",
     "  private func probe() {\n    guard !isOver, !isWatching else { return }\n"),
    ("Sources/ReactiveBeat/Store/StoreSession.swift", "  private func subscribe() {\n",
     "  private func subscribe() {\n    begin()\n")],
  "stale answers": [
    (f"{SCHEDULING}/Scheduler+Documents.swift", "    } else {\n      reads[name] = true\n    }", "    }")],
  "forgetting what is gone": [
    (f"{SCHEDULING}/Scheduler+Documents.swift",
     "    for name in entries.names where !found.contains(name) { remove(name) }\n", "")],
}


def prepare():
  """A copy of the sources, so that the project's own are never touched."""
  source = FOLDER / "source"
  for name in ("Sources", "Tests"):
    shutil.rmtree(source / name, ignore_errors=True)
    shutil.copytree(PROJECT / name, source / name)
  for name in ("Package.swift", "Package.resolved"):
    if (PROJECT / name).exists():
      shutil.copy(PROJECT / name, source / name)
  return source


def mutate(source, edits):
  shutil.rmtree(source / "Sources")
  shutil.copytree(PROJECT / "Sources", source / "Sources")
  for name, text, instead in edits:
    path = source / name
    old = path.read_text()
    if old.count(text) != 1:
      raise SystemExit(f"chaos: {name} holds {old.count(text)} times, instead of once:\n{text}\n"
                       "The source has changed: mend Tests/Chaos/mutants.py")
    path.write_text(old.replace(text, instead))


def build(source):
  command = ["nice", "-n", "5", "swift", "build", "--product", "beat-watch", "--package-path", source, "--scratch-path",
             FOLDER / "build"]
  result = subprocess.run(command, capture_output=True, text=True)
  if result.returncode:
    raise SystemExit(f"chaos: a mutant does not build:\n{result.stdout[-3000:]}\n{result.stderr[-1000:]}")
  return FOLDER / "build" / "debug" / "beat-watch"


def try_out(options, binary, source, seed):
  """What the suite says of it."""
  arguments = [sys.executable, pathlib.Path(__file__).with_name("chaos.py"), "--json", "--binary", binary, "--sources", source,
               "--seed", seed, "--iterations", options.iterations, "--patience", options.patience]
  for name in ("without", "forgive"):
    for item in getattr(options, name):
      arguments += [f"--{name}", item]
  result = subprocess.run([str(part) for part in arguments], capture_output=True, text=True, env=os.environ)
  try:
    return json.loads(result.stdout.splitlines()[-1])
  except (IndexError, ValueError):
    raise SystemExit(f"chaos: no result:\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}")


def main(options):
  source = prepare()
  survivors = []
  print(f"{'removed':<26} {'iterations':>10} {'fires':>7}  result")
  for name, edits in MUTANTS.items():
    if options.only and name not in options.only:
      continue
    mutate(source, edits)
    result = try_out(options, build(source), source, options.seed)
    violations = result["violations"]
    found = violations[0].splitlines()[0] if violations else "clean"
    is_right = bool(violations) == bool(edits)
    print(f"{name:<26} {result['iterations']:>10} {result['fires']:>7}  {found[:140]}{'' if is_right else '  <-- WRONG'}",
          flush=True)
    if not is_right:
      survivors.append(name)
  if survivors:
    print(f"FAILED: {', '.join(survivors)}")
  return 1 if survivors else 0
