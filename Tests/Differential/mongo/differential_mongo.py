"""Documents of celerybeat-mongo and celery-mongobeat in two databases of one server: celerybeat-mongo 0.2.0 runs one
copy, beat-watch the other, and real workers get the messages. The runs must come at the same times with the same
contents, apart from the differences that are listed. scripts/differential says how it is run."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
import time
from datetime import datetime, timezone
from typing import Dict, List

from differences import DIFFERENCES, EXPECTED, MESSAGES, Case, Run, messages, times
from documents import documents
from scene import PROJECT, Failed, Scene, wait

#: Each side's database number of the broker, and of the records.
SIDES = {"old": (0, 2), "new": (1, 3)}
#: Seconds for which the documents stay as they are.
UNTOUCHED = 25
CELERY = ["-m", "celery", "-A", "schedulers_app"]
WORKER = ["worker", "-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
OLD = ["beat", "-S", "celerybeatmongo.schedulers.MongoScheduler", "--pidfile="]


def run(scene: Scene, program: pathlib.Path) -> List[Case]:
  docs = documents()
  python = scene.venvs / "celerybeat-mongo/bin/python"
  environment = {
    side: {"BROKER": scene.redis_url(broker), "RECORDS": f"unix://{scene.socket}?db={records}",
           "STORE": scene.mongo_url(side), "TASKS": json.dumps(list(docs))}
    for side, (broker, records) in SIDES.items()}
  for side in SIDES:
    scene.mongo[side].schedules.insert_many([dict(document) for document in docs.values()])
    scene.start(f"worker of the {side} one", python, *CELERY, *WORKER, **environment[side])
  wait(lambda: all(scene.redis(records).exists("ready") for _, records in SIDES.values()), "the workers are ready")
  start = time.time()
  scene.start("old", python, *CELERY, *OLD, **environment["old"])
  scene.start("new", program, "run", "--store-url", scene.mongo_url("new"), "--broker-url", scene.redis_url(1))
  time.sleep(UNTOUCHED)
  # The old one needs up to ten seconds to see an edit.
  minute = (int(time.time() + 13) // 60 + 1) * 60
  edited = time.time()
  for side in SIDES:
    edit(scene.mongo[side].schedules, datetime.fromtimestamp(minute, timezone.utc))
  time.sleep(max(0.0, minute + 12 - time.time()))
  history = scene.mongo["new"]["schedules.reactivebeat.history"].find()
  # A run by request has no due time of its own.
  dues = {run["id"]: run["due"] / 1e6 - start for run in history if run["why"] != "run_immediately"}
  runs: Dict[str, Dict[str, List[Run]]] = {side: {name: [] for name in docs} for side in SIDES}
  for side, (_, records) in SIDES.items():
    for line in scene.redis(records).lrange("records", 0, -1):
      message = json.loads(line)
      due = dues.get(message.pop("id"))  # The old one's ids are its own.
      runs[side][message["task"]].append(Run(message["at"] - start, message, due))
  return [
    Case(name, document, runs["old"][name], runs["new"][name], edited - start, minute - start, start)
    for name, document in docs.items()]


def edit(schedules, at: datetime) -> None:  # type: ignore[no-untyped-def]
  """Enables everything, and sets each crontab that names an hour to a minute that comes soon."""
  schedules.update_many({}, {"$set": {"enabled": True}})
  schedules.update_many(
    {"crontab.hour": {"$exists": True, "$ne": "*"}},
    {"$set": {"crontab.minute": str(at.minute), "crontab.hour": str(at.hour),
              "crontab.day_of_week": str(at.isoweekday() % 7)}})


def judged(cases: List[Case]) -> int:
  """Prints the cases with their differences. Returns how many are not as expected."""
  wrong = 0
  if {case.name for case in cases} != EXPECTED.keys():
    raise Failed("the documents are not those that are expected")
  for case in cases:
    check, expected = EXPECTED[case.name]
    problems = list(check(case))
    found = list(messages(case))
    listed = MESSAGES.get(case.name, ["ignore_result"] if case.old and case.new else [])
    if sorted(found) != sorted(listed):
      problems.append(f"differences of the messages: {found}, and expected are {listed}")
    wrong += bool(problems)
    print(f"{case.name}: {times(case.old)} there, {times(case.new)} here; " + (", ".join([*expected, *found]) or "the same"))
    for problem in problems:
      print(f"  WRONG: {problem}")
  return wrong


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/differential --mongo", description=__doc__)
  parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/beat-watch", metavar="FILE")
  parser.add_argument("--venvs", type=pathlib.Path, default=PROJECT / ".deps/venv", metavar="FOLDER")
  options = parser.parse_args()
  with tempfile.TemporaryDirectory(prefix="differential-") as folder, \
      Scene(pathlib.Path(folder), options.venvs) as scene:
    wrong = judged(run(scene, options.program.resolve()))
    if wrong:
      print(scene.log("new"), scene.log("old")[-3000:], sep="\n", file=sys.stderr)
  for name, words in DIFFERENCES.items():
    print(f"  {name}: {words}")
  print(f"{wrong} documents are not as expected" if wrong else "no difference that is not listed")
  return 1 if wrong else 0


if __name__ == "__main__":
  sys.exit(main())
