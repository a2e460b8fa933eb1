"""What real Celery workers get from RabbitMQ when beat-watch fires documents of every form. scripts/workers says how it
is run."""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import List

import parts
from judge import miscounted
from stage import PROJECT, Failed, Stage


def run(celery: str, names: List[str], program: pathlib.Path) -> List[str]:
  """Runs the parts with one RabbitMQ. Returns what is wrong."""
  wrong: List[str] = []
  with tempfile.TemporaryDirectory(prefix="workers-") as folder, \
      Stage(pathlib.Path(folder), program, celery) as stage:
    print(f"RabbitMQ {stage.release()}, Celery {celery}")
    for name in names:
      began = time.monotonic()
      try:
        problems = parts.PARTS[name](stage)
      except (Failed, subprocess.SubprocessError, RuntimeError) as error:
        problems = [f"{error}\n{stage.ends()}"]
      print(f"  {name}: {len(stage.records())} runs so far, {time.monotonic() - began:.1f} s", flush=True)
      for problem in problems:
        print(f"    WRONG: {problem}", flush=True)
      wrong += problems
    repeats = miscounted(stage)
    for problem in repeats:
      print(f"    WRONG: {problem}", flush=True)
  return wrong + repeats


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/workers", description=__doc__)
  parser.add_argument("--celery", action="append", metavar="VERSION", help="5.7, 5.6; both unless given")
  parser.add_argument("--only", action="append", choices=sorted(parts.PARTS), metavar="PART",
                      help=", ".join(parts.PARTS) + "; all unless given")
  parser.add_argument("--short", action="store_true", help="Celery 5.7, and all parts but mongo")
  parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/beat-watch", metavar="FILE")
  options = parser.parse_args()
  names = options.only or [name for name in parts.PARTS if not options.short or name != "mongo"]
  versions = options.celery or (["5.7"] if options.short else ["5.7", "5.6"])
  wrong = sum(len(run(celery, names, options.program.resolve())) for celery in versions)
  print(f"{wrong} wrong" if wrong else "all as it must be")
  return 1 if wrong else 0


if __name__ == "__main__":
  sys.exit(main())
