"""What scripts/hostile runs; docs/reliability.md says what it does."""

import argparse
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Chaos"))

import adversary  # noqa: E402
import catalogue  # noqa: E402
import commands  # noqa: E402
import lies  # noqa: E402
import run  # noqa: E402
import servers_that_lie  # noqa: E402
import shells  # noqa: E402
from arena import PROJECT  # noqa: E402
from sets import together  # noqa: E402

PARTS = ("sets", "lies", "shells", "commands", "adversary")
SHORT_SECONDS = 5
# The short form tells one lie of each kind.
SHORT_LIES = ["five times OK as a greeting", "four numbers as an event", "OK behind each answer", "the same, nested"]


def options_of(arguments):
  parser = argparse.ArgumentParser(prog="scripts/hostile")
  parser.add_argument("--binary", default=str(PROJECT / ".build/release/beat-watch"))
  parser.add_argument("--seed", default=str(int(time.time())), help="the same writes in the same order")
  parser.add_argument("--seconds", type=float, default=60, help="seconds of each set, and of the adversary")
  parser.add_argument("--lie-seconds", type=float, default=8, help="seconds of each lie; rates need over 5 s")
  parser.add_argument("--only", action="append", default=[], metavar="WORDS",
                      help=f"one of the parts {', '.join(PARTS)}, or what has these words in its name")
  parser.add_argument("--short", action="store_true", help="one or two of each kind, some seconds each")
  parser.add_argument("--list", action="store_true", help="list the sets and the lies")
  options = parser.parse_args(arguments)
  if options.short:
    options.seconds, options.lie_seconds = min(options.seconds, SHORT_SECONDS), min(options.lie_seconds, 1.5)
  return options


class Hostile:
  def __init__(self, options):
    self.options = options
    self.failures = 0

  def wants(self, part, name=None):
    """Whether a part, or one of its items, was asked for."""
    only = self.options.only
    return not only or part in only or name is not None and any(words in name for words in only if words not in PARTS)

  def sets(self):
    chosen = [s for s in catalogue.ALL.values() if self.wants("sets", s.name)]
    if not self.options.short:
      return chosen
    groups = {}
    for each in chosen:
      if each.short:
        groups.setdefault(each.short, []).append(each)
    return [together(name, sets) for name, sets in groups.items()]

  def lies(self):
    return [lie for lie in lies.ALL if self.wants("lies", lie.name)
            and (not self.options.short or lie.name in SHORT_LIES)]

  def list(self):
    for each in self.sets():
      print(f"set: {each.name}: " + (", ".join(each.parts) or " ".join((each.attack.__doc__ or "").split())))
    for lie in self.lies():
      print(f"lie: {lie.name} ({lie.where})")

  def go(self):
    options = self.options
    print(f"hostile: seed {options.seed}, {options.binary}", flush=True)
    for part in PARTS:
      getattr(self, f"_{part}")()
    print(f"hostile: {self.failures} failed" if self.failures else "hostile: nobody else was harmed")
    return self.failures

  def _sets(self):
    chosen = self.sets()
    if chosen:
      print(f"\n{run.HEADING}", flush=True)
    for each in chosen:
      outcome = run.run(each, self.options.binary, self.options.seed, self.options.seconds)
      self.failures += bool(outcome.wrong)
      tell(outcome.line())

  def _lies(self):
    if chosen := self.lies():
      print(f"\n{servers_that_lie.HEADING}", flush=True)
      self.failures += servers_that_lie.run(self.options.binary, self.options.lie_seconds, chosen, tell)

  def _shells(self):
    if self.wants("shells"):
      print(f"\n{shells.HEADING}", flush=True)
      self.failures += shells.run(self.options.binary, tell, shells.WORDS[:3] if self.options.short else None)

  def _commands(self):
    if self.wants("commands"):
      print(f"\n{commands.HEADING}", flush=True)
      self.failures += commands.run(self.options.binary, tell)

  def _adversary(self):
    if self.wants("adversary"):
      print(flush=True)
      seconds = 10 if self.options.short else self.options.seconds
      self.failures += not adversary.Run(self.options.binary, self.options.seed, seconds, tell).go()


def tell(line):
  print(line, flush=True)


def main():
  options = options_of(sys.argv[1:])
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  suite = Hostile(options)
  if options.list:
    return suite.list()
  sys.exit(1 if suite.go() else 0)


if __name__ == "__main__":
  main()
