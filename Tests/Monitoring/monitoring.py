"""The rules, the dashboard and the documentation of monitoring, and a real Prometheus that watches real daemons.
scripts/monitoring says how it is run."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
from typing import Callable, List

sys.dont_write_bytecode = True

import dashboard  # noqa: E402
import exposition  # noqa: E402
import pages  # noqa: E402
import rules  # noqa: E402
from fleet import Failed, clean_environment, wait  # noqa: E402
from rules import ALERTS, PROJECT, TESTS, promtool  # noqa: E402
from scenes import OUTBOX, PAIR, SCENES, SHORT, Stage  # noqa: E402

wrong = 0


def part(name: str, run: Callable[[], List[str]]) -> bool:
  """Runs one check, prints what is wrong, and returns whether nothing is."""
  global wrong
  began = time.monotonic()
  problems = run()
  print(f"  {name}: {len(problems)} wrong, {time.monotonic() - began:.1f} s", flush=True)
  for problem in problems:
    print(f"    WRONG: {problem}", flush=True)
  wrong += len(problems)
  return not problems


def by_promtool(*arguments: object) -> List[str]:
  run = promtool(*arguments)
  return [] if run.returncode == 0 else [f"{run.stdout}{run.stderr}"]


def mutants() -> List[str]:
  found = {name: survives for name, survives in rules.survivors()}
  print(f"    {len(found)} alerts that never go off, always do, or do not wait; {sum(found.values())} not found")
  return [f"no test finds this: {name}" for name, survives in found.items() if survives]


def files(options: argparse.Namespace) -> None:
  tests = sorted(TESTS.glob("*.yml"))
  part("promtool check rules", lambda: by_promtool("check", "rules", ALERTS))
  part(f"promtool test rules, {len(rules.alerts())} alerts", lambda: by_promtool("test", "rules", *tests))
  part("names in the rules", rules.problems)
  part("the dashboard", dashboard.problems)
  part("docs/monitoring.md", pages.problems)
  if options.mutate:
    part("the tests of rules that are spoilt", mutants)


def endpoints(stage: Stage) -> List[str]:
  """The metrics of a leader, a standby, a leader with an outbox."""
  return [f"{daemon.name}: {problem}" for daemon in stage.daemons for problem in exposition.problems(daemon.port)]


def page(stage: Stage) -> List[str]:
  """What the documentation shows, tried with a daemon."""
  programs = stage.folder / "bin"
  programs.mkdir()
  (programs / "beat-watch").symlink_to(stage.program)
  environment = clean_environment(
    CELERY_REDIS_SCHEDULER_URL=stage.url(PAIR), CELERY_BROKER_URL=stage.url(), PATH=f"{programs}:{os.environ['PATH']}")
  wait(lambda: stage.leader.value("reactivebeat_fires_total", reason="schedule", outcome="fired"), "a run")
  return (pages.shown_commands(stage.leader.instance, str(stage.folder), environment)
          + pages.shown_files(str(stage.folder)))


def queries(stage: Stage) -> List[str]:
  """The dashboard's expressions that Prometheus refuses, and those without a result while daemons run."""
  found: List[str] = []
  for expression in dashboard.expressions(json.loads(dashboard.DASHBOARD.read_text())):
    text = dashboard.concrete(expression).replace('"reactivebeat"', f'"{PAIR}|{OUTBOX}"').replace("[1m]", "[15s]")
    try:
      result = stage.prometheus.get(f"query?query={urllib.parse.quote(text)}")["result"]
    except urllib.error.HTTPError as error:
      found.append(f"{text}: {error.read().decode()}")
      continue
    if not result:
      found.append(f"no result: {text}")
  return found


def live(options: argparse.Namespace) -> None:
  names = options.only or (SHORT if options.short else SCENES)
  with tempfile.TemporaryDirectory(prefix="beat-monitoring-") as folder:
    stage = Stage(pathlib.Path(folder), options.program.resolve(), rules.faster(ALERTS.read_text()))
    try:
      stage.start()
      part("the endpoints", lambda: endpoints(stage))
      part("what docs/monitoring.md shows", lambda: page(stage))
      if "nothing-known" not in names:
        stage.begin()
      # What follows a scene that failed would begin with its alerts.
      if all(part(name, lambda: scene(stage, name)) for name in names):
        part("the dashboard's expressions", lambda: queries(stage))
        part("the endpoints, after all that", lambda: endpoints(stage))
      print(f"  {len(stage.seen)} of {len(rules.alerts())} alerts have gone off here: {', '.join(sorted(stage.seen))}")
      if options.texts:
        for name, summary in sorted(stage.seen.items()):
          print(f"    {name}: {summary}")
    except Failed as error:
      part("the stage", lambda: [str(error)])
    finally:
      stage.end()


def scene(stage: Stage, name: str) -> List[str]:
  try:
    SCENES[name](stage)
    return []
  except (Failed, OSError, ValueError) as error:
    logs = (log for log in sorted(stage.folder.glob("*.log")))
    ends = "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)
    return [f"{error!r}\n{ends}"]


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/monitoring", description=__doc__)
  parser.add_argument("--short", action="store_true", help=f"of the scenes only {', '.join(SHORT)}")
  parser.add_argument("--files", action="store_true", help="no daemon and no Prometheus: the files alone")
  parser.add_argument("--only", action="append", choices=list(SCENES), metavar="SCENE",
                      help=f"{', '.join(SCENES)}; all unless given")
  parser.add_argument("--mutate", action="store_true", help="spoil each rule, and see whether their tests notice")
  parser.add_argument("--texts", action="store_true", help="print the summary of each alert that went off")
  parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/beat-watch", metavar="FILE")
  options = parser.parse_args()
  print(promtool("--version").stdout.split("\n", 1)[0])
  files(options)
  if not options.files:
    shown = subprocess.run([options.program, "help"], capture_output=True, text=True, check=True).stdout
    part("the commands that alerts advise", lambda: pages.unknown_commands(shown))
    live(options)
  print(f"{wrong} wrong" if wrong else "all as it must be")
  return 1 if wrong else 0


if __name__ == "__main__":
  sys.exit(main())
