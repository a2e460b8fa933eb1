"""Occurrences whose messages are repeated at random, in workers that are killed at random.

    python guard_chaos.py [--messages 200] [--kills 8] [--seed 1] [--celery 5.7] [--unguarded]

It checks that
- no occurrence is lost: while one has not ended, its message is in the queue or waits to be acknowledged;
- none is run beside a run that is alive;
- none is run again after its end, unless the worker was killed after the end and before it was recorded.

Without the guard the last two do not hold, and the program says how often. kill -9 makes kombu's Redis transport itself
lose the message that it has just taken from the queue; such a message is sent again, as by a broker that loses none,
and counted.
"""

import argparse
import collections
import json
import pathlib
import random
import tempfile
import time
import uuid
from typing import Any, Dict, List, Optional, Set, Tuple

from conftest import Server
from guard_stage import NAMESPACE, Stage, message, wait_for

#: A process and a thread of it.
Place = Tuple[int, int]
#: Seconds for everything.
LIMIT = 240.0


class Chaos:
  def __init__(self, stage: Stage, options: argparse.Namespace) -> None:
    self.stage = stage
    self.options = options
    self.random = random.Random(options.seed)
    self.deadline = time.monotonic() + options.limit
    self.kills = self.repeats = self.lost_by_kombu = 0
    self.sent: Dict[str, bytes] = {}
    self.alive: List[Any] = []

  def run(self) -> "Chaos":
    self.alive = [self.stage.worker(self.options.pool, 2) for _ in range(2)]
    for worker in self.alive:
      worker.wait_until_ready()
    steps = ["send"] * self.options.messages + ["kill"] * self.options.kills
    self.random.shuffle(steps)
    for step in steps:
      assert time.monotonic() < self.deadline, "too slow"
      if step == "kill":
        self.kill()
      else:
        self.send()
        # A backlog of a few messages, so that kills meet runs.
        wait_for(lambda: self.stage.broker.llen("celery") < 4, self.stage.logs)
    wait_for(lambda: not self.unended(), lambda: f"{self.unended()} {self.stage.logs()}",
             self.deadline - time.monotonic())
    if self.options.guarded:
      self.stage.wait_until_empty()
    return self

  def send(self) -> None:
    task_id = str(uuid.uuid5(NAMESPACE, f"{self.options.seed} {len(self.sent)}"))
    failures = self.random.choice([0, 0, 0, 0, 1])
    text = message("work", task_id, [self.random.choice([0.0, 0.01, 0.1, 0.3]), failures])
    self.sent[task_id] = text
    self.stage.broker.lpush("celery", text)
    for _ in range(self.random.choice([0, 0, 1, 2])):
      # A repeat of this one, or of any earlier one.
      self.repeats += 1
      self.repeat(task_id if self.random.random() < 0.7 else self.random.choice(list(self.sent)))

  def repeat(self, task_id: str, retries: int = 0) -> None:
    text = json.loads(self.sent[task_id])
    text["properties"]["delivery_tag"] = str(uuid.uuid4())
    text["headers"]["retries"] = retries
    self.stage.broker.lpush("celery", json.dumps(text))

  def kill(self) -> None:
    """Kills one of the workers in the middle of a run, and starts another."""
    for task_id in self.running():
      self.assert_kept(task_id)
    victim = self.alive.pop(self.random.randrange(len(self.alive)))
    victim.kill()
    self.kills += 1
    # What another worker takes at this moment is neither here nor there.
    missing = self.missing()
    for _ in range(20):
      time.sleep(0.01)
      missing &= self.missing()
    for task_id, retries in missing:
      self.lost_by_kombu += 1
      self.repeat(task_id, retries)
    self.alive.append(self.stage.worker(self.options.pool, 2).wait_until_ready())

  def assert_kept(self, task_id: str) -> None:
    """A run that goes on has a message, which comes back if the run does not end."""
    wait_for(lambda: task_id not in {missing[0] for missing in self.missing()},
             lambda: f"no message is left of {task_id}: {self.stage.logs()}")

  def missing(self) -> Set[Tuple[str, int]]:
    """What has not ended and has no message: the task's id, and of which attempt."""
    attempts = dict.fromkeys(self.unended(), 0)
    for kind, task_id, _, retries, *_ in self.stage.events():
      if kind == "retry" and task_id in attempts:
        attempts[task_id] = max(attempts[task_id], retries + 1)
    with self.stage.broker.pipeline(transaction=True) as pipeline:
      waiting, taken = pipeline.lrange("celery", 0, -1).hvals("unacked").execute()
    messages = [json.loads(text) for text in waiting] + [json.loads(text)[0] for text in taken]
    return set(attempts.items()) - {(text["headers"]["id"], text["headers"]["retries"]) for text in messages}

  def unended(self) -> Set[str]:
    return set(self.sent) - {event[1] for event in self.stage.events() if event[0] == "end"}

  def running(self) -> Set[str]:
    last = {event[1]: event[0] for event in self.stage.events()}
    return {task_id for task_id, kind in last.items() if kind == "start"}

  def verdict(self) -> Dict[str, int]:
    """How often an occurrence ran beside itself, and again after its end."""
    counts: Dict[str, int] = collections.Counter()
    by_task: Dict[str, List[Tuple[int, str, Place]]] = collections.defaultdict(list)
    last: Dict[Place, int] = {}
    for number, (kind, task_id, process, _, thread, _) in enumerate(self.stage.events()):
      last[process, thread] = number
      by_task[task_id].append((number, kind, (process, thread)))
    # Where a worker was killed, and what it did last.
    died = {number: place for place, number in last.items() if not pathlib.Path(f"/proc/{place[0]}").exists()}
    for runs in by_task.values():
      open_runs: Dict[Place, int] = {}
      end: Optional[int] = None
      for number, kind, place in runs:
        if kind == "start":
          counts["runs"] += 1
          if any(begun not in died for begun in open_runs.values()):
            counts["beside"] += 1
          if end is not None:
            # Who was killed right after the end may not have said that it has ended.
            counts["unrecorded" if end in died else "again"] += 1
          open_runs[place] = number
        else:
          open_runs.pop(place, None)
          end = number if kind == "end" else end
    counts["ended"] = sum(any(run[1] == "end" for run in runs) for runs in by_task.values())
    return counts


def run(options: argparse.Namespace) -> Dict[str, int]:
  with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "redis").mkdir()
    server = Server(folder / "redis")
    stage = Stage(server, folder, {"lease": 3} if options.guarded else None, {"task_reject_on_worker_lost": True},
                  options.celery)
    try:
      chaos = Chaos(stage, options).run()
      counts = chaos.verdict()
      return {"occurrences": len(chaos.sent), "repeats": chaos.repeats, "kills": chaos.kills,
              "lost by kombu": chaos.lost_by_kombu,
              **{name: counts[name] for name in ("ended", "runs", "beside", "again", "unrecorded")}}
    finally:
      stage.end()
      server.end()


def parse(arguments: Optional[List[str]] = None) -> argparse.Namespace:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--messages", type=int, default=200)
  parser.add_argument("--kills", type=int, default=8)
  parser.add_argument("--seed", type=int, default=1)
  parser.add_argument("--limit", type=float, default=LIMIT, help="seconds")
  parser.add_argument("--celery", default="5.7")
  parser.add_argument("--pool", default="prefork")
  parser.add_argument("--unguarded", dest="guarded", action="store_false")
  return parser.parse_args(arguments)


def main() -> None:
  options = parse()
  began = time.monotonic()
  counts = run(options)
  print(f"seed {options.seed}, {time.monotonic() - began:.0f} s: {json.dumps(counts)}")
  failed = counts["ended"] != counts["occurrences"] or counts["beside"] or counts["again"]
  raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
  main()
