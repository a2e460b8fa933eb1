"""The fault suite with real processes; see docs/reliability.md. Started by scripts/chaos."""

import argparse
import collections
import json
import os
import pathlib
import shutil
import sys
import time

import faults
from dates import namespace
from stage import Stage, Unquiet

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SETTLE_EVERY = 20


def percentile(values, share):
  ordered = sorted(values)
  return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


class Run:
  def __init__(self, options, binary, sources, folder):
    self.options = options
    self.log = open(folder / "chaos.jsonl", "a", buffering=1)
    self.folder = folder
    daemon_options = ["--no-lease"] if options.no_lease else []
    self.stage = Stage(binary, sources, namespace(sources), folder, options.seed, options.variant, daemon_options,
                       options.forgive)
    self.coverage = collections.Counter()
    self.missed = 0
    self.iterations = 0
    self.settled = []
    self.violations = []

  def note(self, **fields):
    self.log.write(json.dumps({"at": round(time.time(), 3)} | fields) + "\n")

  def go(self):
    options, stage = self.options, self.stage
    deadline = time.monotonic() + options.seconds if options.seconds else None
    try:
      stage.start()
      self.settle()
      while self.iterations < options.iterations and not (deadline and time.monotonic() > deadline):
        if self.violations:
          break
        if self.options.variant == "lossy" and self.iterations % 3 == 0:
          stage.remember()
        self.iterate()
        if self.iterations % SETTLE_EVERY == 0:
          self.settle()
      if self.iterations % SETTLE_EVERY:
        self.settle()
    except Unquiet as error:
      self.violations.append(f"rule 7: {error}")
    except KeyboardInterrupt:
      self.violations.append("interrupted")
    finally:
      stage.end()
    return not self.violations

  def iterate(self):
    phase, whom, milliseconds, chosen = faults.plan(self.options.seed, self.iterations, self.options.variant, self.options.without)
    about = [{"fault": fault.name} | values for fault, values in chosen]
    self.note(iteration=self.iterations, phase=phase, whom=whom, ms=milliseconds, faults=about)
    has_come, number = self.stage.iterate(phase, whom, milliseconds, chosen)
    self.note(iteration=self.iterations, daemon=number, phase_came=has_come)
    self.iterations += 1
    if has_come:
      for fault, _ in chosen:
        self.coverage[fault.name, phase] += 1
    else:
      self.missed += 1

  def settle(self):
    model = self.stage.model
    took = self.stage.settle(self.options.patience)
    self.settled.append(took)
    self.note(settled=round(took, 3), fires=model.fires, edits=model.edits, repeats=model.repeats,
              violations=model.violations)
    if model.violations:
      self.violations += model.violations
      model.violations = []
    if not self.options.json and sys.stdout.isatty():
      print(f"\r{self.iterations} iterations, {model.fires} fires", end="", flush=True)

  # --- what is printed ---

  def summary(self):
    stage, model = self.stage, self.stage.model
    late = model.lateness
    return {
      "seed": self.options.seed, "variant": self.options.variant, "lease": not self.options.no_lease,
      "iterations": self.iterations, "fires": model.fires, "edits": model.edits, "repeats": model.repeats,
      "redis_starts": stage.redis.starts, "daemon_starts": sum(daemon.starts for daemon in stage.daemons),
      "connections": sum(proxy.connections for proxy in stage.proxies),
      "settles": len(self.settled), "settle_s": {"p50": round(percentile(self.settled, 0.5), 2),
                                                 "max": round(max(self.settled, default=0), 2)},
      "late_ms": {"p50": percentile(late, 0.5) // 1000, "p99": percentile(late, 0.99) // 1000},
      "files_grown": stage.growth[0], "kilobytes_grown": stage.growth[1], "phases_missed": self.missed,
      "violations": self.violations}

  def table(self):
    phases = list(faults.PHASES)
    width = max(len(fault.name) for fault in faults.ALL)
    lines = [" " * width + "".join(f" {index:>5}" for index in range(1, len(phases) + 1))]
    for fault in faults.ALL:
      cells = [self.coverage[fault.name, phase] for phase in phases]
      if any(cells):
        lines.append(f"{fault.name:<{width}}" + "".join(f" {cell or '.':>5}" for cell in cells))
    lines.append("phases: " + ", ".join(f"{index} {phase}" for index, phase in enumerate(phases, 1)))
    return "\n".join(lines)

  def report(self):
    summary = self.summary()
    if self.options.json:
      coverage = {f"{fault} @ {phase}": count for (fault, phase), count in sorted(self.coverage.items())}
      return print(json.dumps(summary | {"coverage": coverage}))
    print(f"\n{self.table()}\n")
    for key, item in summary.items():
      if key != "violations":
        print(f"{key}: {item}")
    print(f"log: {self.folder}")
    if not self.violations:
      return print("clean: each occurrence once, none missing")
    print(f"FAILED: {len(self.violations)} violations; the first:")
    for text in self.violations[:12]:
      print(f"  {text}")
    for daemon in self.stage.daemons:
      print(f"  daemon {daemon.number}, its last lines:")
      for line in daemon.excerpt():
        print(f"    {line}")


def options_of(arguments):
  parser = argparse.ArgumentParser(prog="scripts/chaos")
  parser.add_argument("--iterations", type=int, default=10_000)
  parser.add_argument("--seconds", type=float, default=0, help="end after so long; 0: do all iterations")
  parser.add_argument("--seed", default=str(int(time.time())), help="the same faults in the same order")
  parser.add_argument("--variant", choices=["strict", "lossy"], default="strict")
  parser.add_argument("--no-lease", action="store_true", help="all three daemons fire")
  parser.add_argument("--patience", type=float, default=10, help="seconds until all must be quiet after healing")
  parser.add_argument("--mutate", action="store_true", help="the suite must fail without each safeguard")
  parser.add_argument("--only", action="append", default=[], metavar="MUTANT", help="with --mutate: this one")
  parser.add_argument("--without", action="append", default=[], metavar="FAULT", help="leave a fault out")
  parser.add_argument("--forgive", action="append", default=[], choices=["late edits"], help="a known limit")
  parser.add_argument("--json", action="store_true")
  parser.add_argument("--binary", default=str(PROJECT / ".build/release/beat-watch"), help=argparse.SUPPRESS)
  parser.add_argument("--sources", default=str(PROJECT), help=argparse.SUPPRESS)
  return parser.parse_args(arguments)


def make_folder(name):
  folder = PROJECT / ".build" / "chaos" / name
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  return folder


def main():
  options = options_of(sys.argv[1:])
  if options.mutate:
    import mutants
    sys.exit(mutants.main(options))
  if not options.json:
    print(f"chaos: seed {options.seed}, {options.variant}, {'no lease' if options.no_lease else 'lease of 1 s'}", flush=True)
  run = Run(options, options.binary, options.sources, make_folder(f"{options.variant}-{options.seed}"))
  is_clean = run.go()
  run.report()
  sys.exit(0 if is_clean else 1)


if __name__ == "__main__":
  main()
