"""The fault suite with real processes; see docs/reliability.md. Started by scripts/chaos."""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import time

import faults
from dates import namespace
from jobs import Jobs, split
from result import Result, rounded
from stage import Unquiet
from variants import STAGES

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SETTLE_EVERY = 20  # after so many iterations the stage settles and is checked
SETTLE_EVERY_AIMED = 4  # more often: repeated faults of one kind undo each other's effects


class Run:
  """One stage, from its start to its end."""

  def __init__(self, options):
    self.options = options
    self.folder = make_folder(f"{options.variant}-{options.seed}".replace("/", "-"))
    self.log = open(self.folder / "chaos.jsonl", "a", buffering=1)
    self.stage = STAGES[options.variant](
      [options.binary] + ([options.other_binary] if options.other_binary else []),
      [options.sources] + ([options.other_sources] if options.other_sources else []), namespace(options.sources),
      self.folder, options.seed, options.variant, ["--no-lease"] if options.no_lease else [], options.forgive)
    self.iterations = 0
    self.result = Result()
    self.violations = []

  def note(self, **fields):
    self.log.write(json.dumps({"at": round(time.time(), 3)} | fields) + "\n")

  def go(self):
    options, stage = self.options, self.stage
    deadline = time.monotonic() + options.seconds if options.seconds else None
    every = SETTLE_EVERY_AIMED if options.aim else SETTLE_EVERY
    try:
      stage.start()
      self.settle()
      while self.iterations < options.iterations and not (deadline and time.monotonic() > deadline):
        if self.violations:
          break
        if options.variant == "lossy" and self.iterations % 3 == 0:
          stage.remember()
        self.iterate()
        if self.iterations % every == 0:
          self.settle()
      if self.iterations % every:
        self.settle()
      if not self.violations:
        stage.finish()
        self.gather()
    except Unquiet as error:
      self.violations.append(f"rule 7: {error}")
    except KeyboardInterrupt:
      self.violations.append("interrupted")
    finally:
      stage.end()
    self.sum_up()
    return self.result

  def iterate(self):
    options, stage = self.options, self.stage
    phase, whom, milliseconds, chosen = faults.plan(
      options.seed, self.iterations, options.variant, options.without, options.aim)
    about = [{"fault": fault.name} | values for fault, values in chosen]
    self.note(iteration=self.iterations, phase=phase, whom=whom, ms=milliseconds, faults=about)
    has_come, number, struck = stage.iterate(phase, whom, milliseconds, chosen)
    self.note(iteration=self.iterations, daemon=number, phase_came=has_come, struck=struck)
    self.iterations += 1
    if has_come:
      self.result.coverage.update(f"{name} @ {phase}" for name in struck)
    else:
      self.result.counts["phases_missed"] += 1

  def settle(self):
    model = self.stage.model
    took = self.stage.settle(self.options.patience)
    self.result.settled[rounded(took * 1000)] += 1
    self.note(settled=round(took, 3), fires=model.fires, edits=model.edits, repeats=model.repeats,
              violations=model.violations)
    self.gather()
    if not self.options.json and sys.stdout.isatty():
      print(f"\r{self.iterations} iterations, {model.fires} fires", end="", flush=True)

  def gather(self):
    model = self.stage.model
    self.violations += model.violations
    model.violations = []

  def sum_up(self):
    stage, model, result = self.stage, self.stage.model, self.result
    result.counts.update(
      stages=1, iterations=self.iterations, fires=model.fires, edits=model.edits, repeats=model.repeats,
      redis_starts=stage.redis.starts, daemon_starts=sum(daemon.starts for daemon in stage.daemons),
      connections=sum(proxy.connections for proxy in stage.proxies), **stage.figures)
    if self.options.other_binary:
      result.counts.update(
        other_starts=sum(daemon.other_starts for daemon in stage.daemons),
        leads=sum(daemon.leads[0] for daemon in stage.daemons),
        other_leads=sum(daemon.leads[1] for daemon in stage.daemons))
    result.late.update(rounded(late / 1000) for late in model.lateness)
    result.grown = {"files": stage.growth[0], "kilobytes": stage.growth[1]}
    stage.stopwatch.begin("ending")
    result.seconds.update(stage.stopwatch.seconds)
    if self.violations:
      ends = []
      for daemon in stage.daemons:
        ends += [f"daemon {daemon.number}, its last lines:"] + [f"  {line}" for line in daemon.excerpt()]
      result.failures.append({
        "seed": self.options.seed, "replay": f"--seed {self.options.seed} --iterations {self.iterations}"
        + "".join(f" {part}" for part in common(self.options, is_short=True)),
        "log": str(self.folder), "violations": self.violations, "ends": ends})


def options_of(arguments):
  parser = argparse.ArgumentParser(prog="scripts/chaos")
  parser.add_argument("--iterations", type=int, default=10_000)
  parser.add_argument("--seconds", type=float, default=0, help="end after so many seconds; 0: do all iterations")
  parser.add_argument("--seed", default=str(int(time.time())), help="the same faults in the same order")
  parser.add_argument("--jobs", type=int, default=1, help="stages at the same time, each with its own processes")
  parser.add_argument("--each", type=int, default=500, help="iterations of one stage; of the seed S: S/0, S/1 and so on")
  parser.add_argument("--variant", choices=list(STAGES), default="strict")
  parser.add_argument("--no-lease", action="store_true", help="all three daemons fire")
  parser.add_argument("--patience", type=float, default=20, help="seconds until all must be quiet after healing")
  parser.add_argument("--mutate", action="store_true", help="the suite must fail without each safeguard")
  parser.add_argument("--only", action="append", default=[], metavar="MUTANT", help="with --mutate: this one")
  parser.add_argument("--aim", action="append", default=[], metavar="FAULT|PHASE", help="strike with these only")
  parser.add_argument("--without", action="append", default=[], metavar="FAULT", help="leave a fault out")
  parser.add_argument("--forgive", action="append", default=[], choices=["late edits"],
                      help="a known limit")
  parser.add_argument("--first", action="store_true", help="end all stages at the first violation")
  parser.add_argument("--json", action="store_true")
  parser.add_argument("--binary", default=str(PROJECT / ".build/release/beat-watch"), help=argparse.SUPPRESS)
  parser.add_argument("--sources", default=str(PROJECT), help=argparse.SUPPRESS)
  parser.add_argument("--other-binary", metavar="PATH", help="another build: each start of a daemon takes the other one")
  parser.add_argument("--other-sources", metavar="PATH", help="its project, where its Lua scripts are not these")
  options = parser.parse_args(arguments)
  known = set(faults.PHASES_OF.get(options.variant, faults.PHASES)) | {fault.name for fault in faults.ALL}
  for name in options.aim + options.without:
    if name not in known:
      parser.error(f"there is no fault or phase {name!r}; there are: {', '.join(sorted(known))}")
  return options


def common(options, is_short=False):
  """The arguments that start a stage with these options. `is_short`: as a user would type them, without defaults."""
  words = ["--variant", options.variant] if options.variant != "strict" or not is_short else []
  words += ["--no-lease"] if options.no_lease else []
  for name in ("aim", "without", "forgive"):
    for item in getattr(options, name):
      words += [f"--{name}", f"'{item}'" if is_short else item]
  for name in ("other_binary", "other_sources"):
    path = getattr(options, name)
    words += [f"--{name.replace('_', '-')}", path] if path else []
  if not is_short:
    words += ["--seconds", str(options.seconds), "--patience", str(options.patience), "--binary", options.binary,
              "--sources", options.sources]
  return words


def make_folder(name):
  folder = PROJECT / ".build" / "chaos" / name
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  return folder


def run(options):
  stages = split(options)
  return Run(options).go() if len(stages) == 1 else Jobs(options, common(options)).run()


def main():
  options = options_of(sys.argv[1:])
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  if options.mutate:
    import mutants
    import rabbit_mutants
    sys.exit((rabbit_mutants if options.variant == "rabbitmq" else mutants).main(options))
  if not options.json:
    lease = "no lease" if options.no_lease else "lease of 1 s"
    print(f"chaos: seed {options.seed}, {options.variant}, {lease}", flush=True)
  result = run(options)
  if options.json:
    print(json.dumps(result.to_json()))
  else:
    result.show()
  sys.exit(1 if result.failures else 0)


if __name__ == "__main__":
  main()
