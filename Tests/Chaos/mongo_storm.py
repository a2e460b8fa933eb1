"""Kills and freezes daemons, their MongoDB store and their broker at random, while users edit; see docs/reliability.md.
Started by scripts/mongo-storm."""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

from pymongo.errors import PyMongoError

from dates import namespace
from mongo_judge import Judge, Record
from mongo_store import DATABASE, HISTORY, MARKS, SCHEDULES, Store
from mongo_users import Users
from resp import Refused
from servers import Daemon, Redis

PROJECT = pathlib.Path(__file__).resolve().parents[2]
QUEUE = "celery"
STRIKES = {
  "daemon: kill -9": 2, "daemon: kill -9 at a fire": 3, "daemon: SIGSTOP": 2, "daemon: SIGSTOP at a fire": 2,
  "store: kill -9": 1, "store: kill -9 at a fire": 2, "store: SIGSTOP": 1, "broker: kill -9": 2,
}


class Witness(threading.Thread):
  """Hears of fires at once, so that a strike can come between a fire and what follows it."""

  def __init__(self, store):
    super().__init__(daemon=True, name="witness")
    self.store = store
    self.fire = threading.Event()
    self.is_over = False

  def run(self):
    while not self.is_over:
      try:
        match = [{"$match": {"updateDescription.updatedFields.mark": {"$exists": True}}}]
        with self.store.client()[DATABASE][MARKS].watch(match, max_await_time_ms=500) as stream:
          while not self.is_over:
            if stream.try_next():
              self.fire.set()
      except PyMongoError:
        time.sleep(0.1)


class MongoDaemon(Daemon):
  """A daemon that tells why it thought that it could not fire: here nobody takes rights away."""
  unable = ()

  def _take(self, event):
    super()._take(event)
    if event["msg"] == "unable":
      self.unable += (event["reason"],)


class Storm:
  WRITES = [{"$match": {"ns.coll": {"$in": [SCHEDULES, MARKS]}}}]

  def __init__(self, options):
    self.options = options
    self.random = random.Random(f"{options.seed}/strikes")
    self.folder = make_folder(f"mongo-{options.seed}")
    self.notes = open(self.folder / "storm.jsonl", "w", buffering=1)
    self.store = Store(self.folder)
    self.broker = Redis(self.folder, durable=True)
    extra = ["--no-lease"] if options.no_lease else []
    self.daemons = [MongoDaemon(number, [options.binary], 0, self.folder, extra, self.broker) for number in range(2)]
    for daemon in self.daemons:
      del daemon.environment["CELERY_REDIS_SCHEDULER_URL"]
      daemon.environment |= {
        "CELERY_MONGODB_SCHEDULER_URL": self.store.url, "BEAT_WATCH_LEASE_TTL": str(options.lease_ttl),
        "CELERY_BROKER_URL": f"redis+socket://{self.broker.path}?virtual_host=0", "BEAT_WATCH_HISTORY": "10000000"}
    self.strikes = collections.Counter()
    self.later = []  # [(when, what)]: what a strike undoes itself
    self.frozen = {}  # what -> since when
    self.store_stops = []  # [(from, until)], milliseconds since 1970
    self.users = None
    self.restless = ""  # why all is not quiet
    self.result = Result()

  def find(self, what, words):
    self.result.findings.setdefault(what, []).append(words)
    self.note(finding=what, words=words)

  def note(self, **fields):
    self.notes.write(json.dumps({"at": round(time.time(), 3)} | fields) + "\n")

  # --- the storm ---

  def go(self):
    began = time.monotonic()
    try:
      self.start()
      self.rage(time.monotonic() + self.options.seconds)
      self.calm_down()
      self.judge()
    finally:
      self.end()
    self.result.figures = {"seconds": round(time.monotonic() - began)} | self.result.figures

  def start(self):
    self.store.start()
    self.broker.start()
    self.store.wait()
    with self.store.client()[DATABASE].watch(self.WRITES, max_await_time_ms=100) as stream:
      stream.try_next()
      self.beginning = stream.resume_token
    self.users = Users(self.store, self.options.seed)
    self.users.fill()
    self.witness = Witness(self.store)
    self.witness.start()
    for daemon in self.daemons:
      daemon.start()
    self.until("a daemon is ready", lambda: any(daemon.is_ready for daemon in self.daemons), 60)
    self.users.start()

  def rage(self, end):
    next_strike = time.monotonic() + 1
    while time.monotonic() < end:
      self.turn()
      if time.monotonic() > next_strike:
        self.strike(self.random.choices(list(STRIKES), STRIKES.values())[0])
        next_strike = time.monotonic() + self.random.uniform(0.5, self.options.pause)

  def turn(self):
    """Does what is due, and starts again what has died."""
    if self.users and self.users.problem:
      raise self.users.problem
    for item in [item for item in self.later if time.monotonic() > item[0]]:
      self.later.remove(item)
      item[1]()
    for daemon in self.daemons:
      if not daemon.is_alive:
        if daemon.has_died:
          self.find("daemons", f"a daemon has ended with status {daemon.process.returncode}: {daemon.excerpt(4)}")
        daemon.start()
    time.sleep(0.01)

  def strike(self, name):
    whom, _, how = name.partition(": ")
    if whom == "store" and not (self.store not in self.frozen and self.store.listens):
      return
    daemon = self.random.choice(self.daemons)
    if self.random.random() < 0.7:
      daemon = next((one for one in self.daemons if one.is_leading), daemon)
    if whom == "daemon" and daemon in self.frozen:
      return
    if how.endswith("at a fire"):
      self.witness.fire.clear()
      if not self.witness.fire.wait(0.7):
        return
      time.sleep(self.random.choice([0, 0, 0.002, 0.005]))
    self.strikes[name] += 1
    self.note(strike=name, daemon=daemon.number)
    server = {"daemon": daemon, "store": self.store, "broker": self.broker}[whom]
    if how.startswith("SIGSTOP"):
      self.freeze(server, self.random.uniform(0.3, 3.5 if whom == "daemon" else 2.5))
    elif whom == "daemon":
      daemon.kill()
    else:
      self.kill(server, self.random.random())

  def freeze(self, server, seconds):
    server.signal(signal.SIGSTOP)
    self.frozen[server] = time.time() * 1000

    def go_on():
      if server in self.frozen:
        server.signal(signal.SIGCONT)
        self.thawed(server)
    self.later.append((time.monotonic() + seconds, go_on))

  def thawed(self, server):
    since = self.frozen.pop(server)
    if server is self.store:
      self.store_stops.append((since, time.time() * 1000))

  def kill(self, server, pause):
    at = time.time() * 1000
    server.kill()
    if server in self.frozen:
      self.thawed(server)

    def come_back():
      server.start()
      if server is self.store:
        self.store_stops.append((at, time.time() * 1000 + 3000))
    self.later.append((time.monotonic() + pause, come_back))

  def calm_down(self):
    """Waits until all that was asked for has come, and then until nothing is on its way."""
    self.users.is_over = True
    while self.later:
      self.turn()
    self.users.join(60)
    self.note(calm=True)
    self.restless, self.waiting = "", None
    began = int(time.time() * 1_000_000)
    self.until("all is quiet", lambda: self.is_quiet(began), self.options.patience)
    self.running = self.users.rest()
    self.witness.is_over = True
    self.witness.join(10)
    self.rest()

  def rest(self):
    """Ends the daemons when nothing is on its way any more."""
    self.before = None
    self.until("the schedules rest", self.is_still, self.options.patience)
    for daemon in self.daemons:
      daemon.terminate()
    for daemon in self.daemons:
      for reason in daemon.unable:
        self.find("unable", f"daemon {daemon.number}: {reason}")
      status = daemon.wait(30)
      if not daemon.ended_well(status):
        self.find("daemons", f"daemon {daemon.number} ended with status {status} after SIGTERM")
        daemon.kill()

  def is_still(self):
    """Whether nothing waits in the outbox, and nothing has been fired for a second."""
    marks = {str(row["_id"]): row for row in self.store.client()[DATABASE][MARKS].find()}
    before, self.before = self.before, marks
    self.restless = f"{sum(bool(row.get('pending')) for row in marks.values())} schedules have messages that wait"
    time.sleep(1)
    return marks == before and not any(row.get("pending") for row in marks.values())

  def is_quiet(self, since):
    try:
      database = self.store.client()[DATABASE]
      marks = {row["_id"]: row for row in database[MARKS].find({"_id": {"$type": "string"}})}
      for document in database[SCHEDULES].find():
        mark = marks.get(document["name"], {})
        if document.get("run_immediately"):
          self.restless = f"{document['name']} waits for the run that was asked for"
          return False
        is_due = document["enabled"] and document["interval"]["period"] == "milliseconds"
        if is_due and int(mark.get("mark", "0")[:20]) < since:
          self.restless = f"{document['name']} has not run"
          return False
      # Fires go on, so messages are on their way all the time. What waited must have left.
      waiting = {item["id"] for mark in marks.values() for item in mark.get("pending", [])}
      self.waiting = waiting if self.waiting is None else self.waiting & waiting
      self.restless = f"{len(self.waiting)} messages wait in the outbox"
      return not self.waiting
    except PyMongoError as error:
      self.restless = str(error)
      return False

  def until(self, what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
      self.turn()
      if time.monotonic() > deadline:
        words = f"{what}: not within {seconds:g} s: {self.restless}"
        return self.find("unquiet", words)
      time.sleep(0.1)

  def end(self):
    for process in (*self.daemons, self.store, self.broker):
      if process.process and process.process.poll() is None:
        process.kill()

  # --- the judgement ---

  def judge(self):
    database = self.store.client()[DATABASE]
    database[MARKS].insert_one({"_id": {"storm": "is over"}})
    queue = self.queue()
    users = self.users
    record = Record(
      events=self.events(database), queue=queue, history=list(database[HISTORY].find()),
      acknowledged=[[number, *what] for number, what in users.acknowledged.items()], seconds=sorted(users.seconds),
      stops=self.store_stops, has_lease=[not self.options.no_lease], documents=list(database[SCHEDULES].find()),
      running=sorted(self.running))
    record.save(self.folder)
    self.result.figures |= {
      "messages": len(queue), "edits": sum(users.counts.values()), "edits without an answer": users.unsure,
      "strikes": sum(self.strikes.values()), "daemon starts": sum(daemon.starts for daemon in self.daemons),
      "daemon leads": sum(daemon.leads[0] for daemon in self.daemons), "store starts": self.store.starts,
      "broker starts": self.broker.starts, "kinds of edits": users.counts, "kinds of strikes": self.strikes}
    self.result.add(Judge(record, namespace(self.options.sources)))

  def queue(self):
    """The messages on the queue, the oldest first."""
    return [json.loads(text) for text in self.broker.client(timeout=60)("LRANGE", QUEUE, 0, -1)][::-1]

  def events(self, database):
    """All that was written into schedules and watermarks. Only the server's own log is sure: what was heard before the
    server was killed may not have stayed."""
    events = []
    with database.watch(self.WRITES, resume_after=self.beginning, max_await_time_ms=1000) as stream:
      for event in stream:
        if event["documentKey"]["_id"] == {"storm": "is over"}:
          return events
        changed = event.get("updateDescription", {}).get("updatedFields") or event.get("fullDocument") or {}
        if event["ns"]["coll"] == MARKS:
          for field in [field for field in changed if field.startswith("pending")]:
            del changed[field]  # The messages are on the queue.
        events.append(event)


class Result:
  def __init__(self):
    self.figures = {}
    self.findings = {}  # what -> words

  def add(self, judge):
    judge.judge()
    self.figures |= judge.figures
    for what, words in judge.findings.items():
      self.findings.setdefault(what, []).extend(words)

  def to_json(self):
    return {"figures": self.figures, "findings": self.findings}

  def show(self):
    for key, item in self.figures.items():
      print(f"{key}: {', '.join(f'{name} {n}' for name, n in item.items()) if hasattr(item, 'items') else item}")
    for what, words in self.findings.items():
      print(f"{what}: {len(words)}")
      for text in words[:5]:
        print(f"  {text}")
    print(f"FAILED: {', '.join(self.findings)}" if self.findings else
          "clean: each occurrence once, none missing, no edit lost")


def make_folder(name):
  folder = PROJECT / ".build" / "chaos" / name
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  return folder


def options_of(arguments):
  parser = argparse.ArgumentParser(prog="scripts/mongo-storm")
  parser.add_argument("--seconds", type=float, default=60, help="how long it rages")
  parser.add_argument("--seed", default=str(int(time.time())), help="the same strikes and edits in the same order")
  parser.add_argument("--no-lease", action="store_true", help="both daemons fire")
  parser.add_argument("--lease-ttl", type=int, default=2)
  parser.add_argument("--pause", type=float, default=5, help="the most seconds between two strikes")
  parser.add_argument("--patience", type=float, default=300, help="seconds until all must be quiet at the end")
  parser.add_argument("--edits", type=int, default=0, metavar="N",
                      help="no strikes, but N edits by mongoengine and pymongo at once")
  parser.add_argument("--mutate", action="store_true", help="the storm must find that a safeguard is missing")
  parser.add_argument("--only", action="append", default=[], metavar="MUTANT", help="with --mutate: this one")
  parser.add_argument("--judge", metavar="FOLDER", help="judge the evidence of an earlier storm again")
  parser.add_argument("--json", action="store_true")
  program = os.environ.get("BEAT_WATCH_PROGRAM", str(PROJECT / ".build/release/beat-watch"))
  parser.add_argument("--binary", default=program, help="the program; BEAT_WATCH_PROGRAM")
  parser.add_argument("--sources", default=str(PROJECT), help=argparse.SUPPRESS)
  return parser.parse_args(arguments)


def main():
  options = options_of(sys.argv[1:])
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  if options.mutate:
    import mongo_mutants
    sys.exit(mongo_mutants.main(options))
  if options.judge:
    result = Result()
    result.add(Judge(Record.load(options.judge), namespace(options.sources)))
  else:
    storm = Storm(options)
    if not options.json:
      lease = "no lease" if options.no_lease else f"lease of {options.lease_ttl} s"
      print(f"storm: seed {options.seed}, {lease}; evidence: {storm.folder}", flush=True)
    if options.edits:
      import mongo_edits
      mongo_edits.run(storm)
    else:
      storm.go()
    result = storm.result
  if options.json:
    print(json.dumps(result.to_json()))
  else:
    result.show()
  sys.exit(1 if result.findings else 0)


if __name__ == "__main__":
  main()
