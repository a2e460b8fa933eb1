"""A MongoDB store beside a Redis store: scripts/bench mongo. SecantusDB stands in for MongoDB's server, and most of each
figure is its own time.

pickup    from an edit to the message at a blocked client: by pymongo's update, mongoengine's save(), pymongo's insert.
          The floor is pymongo's watch() on another collection: from before an update until its event. The same insert in
          the collection of a celerybeat-mongo, which looks every five seconds. All kinds take turns
capacity  many schedules: seconds from exec to `ready`, memory, and messages a second of schedules that are due together,
          on each store in turns
"""

import argparse
import datetime
import json
import os
import pathlib
import queue
import random
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts/lib"))

import burst  # noqa: E402
import mongoengine  # noqa: E402
import pymongo  # noqa: E402
import redis  # noqa: E402
from celerybeatmongo.models import PeriodicTask  # noqa: E402
from history import History, messages, rate  # noqa: E402
from scene import PREFIX, PROJECT, QUEUE, Scene, idle_documents, note  # noqa: E402
from stage import Failed, clean_environment, free_port, percentile  # noqa: E402

OLD_QUEUE = "celery"
TURN = 25  # Edits of one kind in a row, before the next kind.
TARGETS = 200  # The schedules that are edited, one after the other.


class MongoScene(Scene):
  def begin(self):
    super().begin()
    self.port = free_port()
    self.secantus = self.start(
      "secantus", PROJECT / ".deps/venv/secantus/bin/secantusd-py", "--host", "127.0.0.1", "--port", self.port,
      "--storage-path", f"{self.folder}/data", env=clean_environment())
    self.mongo = pymongo.MongoClient(self.mongo_url(""), serverSelectionTimeoutMS=60_000)
    self.mongo.admin.command("ping")

  def mongo_url(self, database):
    return f"mongodb://127.0.0.1:{self.port}/{database}"

  def load_mongo(self, documents):
    """Inserts (key, document) pairs as Redis would get them. Returns their number."""
    schedules = self.mongo.celery.schedules
    schedules.create_index("name", background=False, unique=True)  # As mongoengine makes it.
    count, chunk = 0, []
    for _, text in documents:
      chunk.append(json.loads(text))
      count += 1
      if len(chunk) == 2000:
        schedules.insert_many(chunk, ordered=False)
        chunk = []
    if chunk:
      schedules.insert_many(chunk, ordered=False)
    self.loaded = count
    return count

  def start_on(self, store):
    # SecantusDB reads a whole collection to begin a walk through it.
    self.start_daemon("--history", 0, store=self.mongo_url("celery") if store == "mongo" else None, patience=600)


def processor_of(pid):
  """The processor seconds of a process."""
  fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
  return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# From an edit to its message.


class Arrivals:
  """The moments at which something comes, seen by a thread that waits for it."""

  def __init__(self, wait):
    self.moments = queue.SimpleQueue()
    self.thread = threading.Thread(target=self._run, args=(wait,), daemon=True)
    self.thread.start()

  def _run(self, wait):
    for _ in wait():
      self.moments.put(time.monotonic_ns())

  def after(self, edit, patience=60):
    """The nanoseconds from before `edit` until something came."""
    start = time.monotonic_ns()
    edit()
    try:
      return self.moments.get(timeout=patience) - start
    except queue.Empty:
      raise Failed(f"nothing has come within {patience} s") from None


def taken(socket, database, name):
  def wait():
    client = redis.Redis(unix_socket_path=socket, db=database)
    while True:
      if client.brpop(name, 1) is not None:
        yield
  return wait


def heard(url, ready):
  def wait():
    with pymongo.MongoClient(url).floor.documents.watch() as stream:
      ready.set()
      for _ in stream:
        yield
  return wait


def overdue(name):
  """A document that is due as soon as it is seen."""
  return {
    "_cls": "PeriodicTask", "name": name, "task": "bench.new", "enabled": True, "args": [], "kwargs": {},
    "interval": {"_cls": "Interval", "every": 1, "period": "days"}, "total_run_count": 1, "max_run_count": 0,
    "last_run_at": datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1, minutes=1)}


def start_old(scene):
  program = scene.start(
    "celerybeat-mongo", sys.executable, "-m", "celery", "-A", "mongo_app", "beat", "-S",
    "celerybeatmongo.schedulers.MongoScheduler", "--loglevel", "WARNING", "--pidfile=", cwd=HERE,
    env=clean_environment(
      BENCH_BROKER=f"redis+socket://{scene.socket}?virtual_host=3", BENCH_STORE=scene.mongo_url("old"),
      PYTHONDONTWRITEBYTECODE="1"))
  return program


def summary(durations):
  return {
    "count": len(durations), "p50_us": percentile(durations, 0.5) // 1000, "p99_us": percentile(durations, 0.99) // 1000,
    "max_us": max(durations) // 1000}


def pickup(options):
  with MongoScene("mongo") as scene:
    scene.begin()
    schedules = scene.mongo.celery.schedules
    scene.load_mongo(idle_documents(options.loaded))
    schedules.insert_many([
      overdue(f"target:{number}") | {"last_run_at": datetime.datetime.now(datetime.timezone.utc)}
      for number in range(TARGETS)])
    scene.mongo.floor.documents.insert_many([{"_id": number} for number in range(TARGETS)])
    scene.start_on("mongo")
    start_old(scene)
    mongoengine.connect("celery", host=scene.mongo_url("celery"))
    ready = threading.Event()
    floor = Arrivals(heard(scene.mongo_url(""), ready))
    ready.wait(60)
    ours = Arrivals(taken(scene.socket, 0, QUEUE))
    theirs = Arrivals(taken(scene.socket, 3, OLD_QUEUE))
    # The old one's first look.
    theirs.after(lambda: scene.mongo.old.schedules.insert_one(overdue("first")))
    turns = {"floor": 0, "update": 0, "save": 0, "insert": 0}

    def edit(kind):
      number = turns[kind]
      turns[kind] += 1
      name = f"target:{number % (TARGETS // 2) + (TARGETS // 2 if kind == 'save' else 0)}"
      if kind == "floor":
        return floor.after(lambda: scene.mongo.floor.documents.update_one(
          {"_id": number % TARGETS}, {"$set": {"turn": number}}))
      if kind == "update":
        return ours.after(lambda: schedules.update_one({"name": name}, {"$set": {"run_immediately": True}}))
      if kind == "insert":
        return ours.after(lambda: schedules.insert_one(overdue(f"new:{number}")))
      task = PeriodicTask.objects.get(name=name)
      task.run_immediately = True
      return ours.after(task.save)

    durations = {kind: [] for kind in turns}
    old = []
    for kind in turns:
      for _ in range(5):
        edit(kind)
    for first in range(0, options.edits, TURN):
      for kind, found in durations.items():
        for _ in range(min(TURN, options.edits - first)):
          found.append(edit(kind))
          # The bookkeeping of the fire before is over.
          time.sleep(0.01)
      if len(old) < options.old:
        time.sleep(5 * random.random())
        old.append(theirs.after(lambda: scene.mongo.old.schedules.insert_one(overdue(f"new:{len(old)}"))))
    while len(old) < options.old:
      time.sleep(5 * random.random())
      old.append(theirs.after(lambda: scene.mongo.old.schedules.insert_one(overdue(f"new:{len(old)}"))))
    if scene.broker.llen(QUEUE):
      raise Failed("there are more messages than edits")
    scene.end_daemon()
    return {kind: summary(found) for kind, found in durations.items()} | ({"celerybeat-mongo": summary(old)} if old else {})


# Many schedules.


def start(scene, store):
  """Starts the daemon, and returns what that took."""
  server = scene.secantus.pid if store == "mongo" else scene.server.pid
  before = processor_of(server)
  scene.start_on(store)
  ready = scene.ready_after, scene.processor() / 1e9, processor_of(server) - before
  scene.settle()
  result = {
    "ready_s": round(ready[0], 2), "daemon_cpu_s": round(ready[1], 2), "server_cpu_s": round(ready[2], 2),
    "settled_bytes": scene.resident(), "anonymous_bytes": 1024 * scene.status("RssAnon")}
  scene.end_daemon()
  return result


def loads(options, count):
  """Starts with `count` schedules, on each store in turns; the first start writes the watermarks."""
  result = {store: [] for store in ("mongo", "redis")}
  with MongoScene("mongo") as scene:
    scene.begin()
    if count:
      scene.load(idle_documents(count))
      scene.load_mongo(idle_documents(count))
    for number in range(options.rounds + 1):
      for store, found in result.items():
        found.append(start(scene, store))
        note(f"{count} schedules in {store}, start {number}: {found[-1]}")
  return result


def fires(options):
  """Messages a second of `options.burst` schedules that are due together."""
  result = {}
  for store in ("mongo", "redis"):
    with MongoScene("mongo") as scene:
      scene.begin()
      count, every = options.burst, max(20, options.burst // 25)
      texts = [(key, text.replace(f'"every": {burst.period(count)},', f'"every": {every},'))
               for key, text in burst.documents(count)]
      (scene.load_mongo if store == "mongo" else scene.load)(texts)
      scene.start_on(store)
      found = []
      for number in range(options.rounds):
        due = (int(time.time() + 1) // every + 1) * every
        scene.poll("the burst before is over", lambda: time.time() > due - 1, every + 60)
        scene.broker.delete(QUEUE)
        history = History(scene)
        processor = scene.processor()
        scene.poll(f"a burst of {count}", lambda: scene.broker.llen(QUEUE) >= count, 5 * every + 60)
        processor = scene.processor() - processor
        seen = history.end()
        per_second, last = rate(seen, count)
        if len({identifier for identifier, _ in messages(scene.broker, QUEUE)}) < count:
          raise Failed("a message came twice")
        found.append({"per_second": round(per_second), "last_late_ms": round(last / 1000 - due * 1000),
                      "cpu_us_per_fire": round(processor / 1000 / count)})
        note(f"{count} due together in {store}, round {number}: {found[-1]}")
      scene.end_daemon()
      result[store] = found
  return result


def capacity(options):
  empty = loads(options, 0)
  result = {"empty": empty, "loads": {}, "fires": {"count": options.burst, **fires(options)}}
  for count in options.schedules:
    result["loads"][count] = loads(options, count)
  return result


def median(found, key):
  return statistics.median(one[key] for one in found)


def show(result):
  for kind, part in result.get("pickup", {}).items():
    print(f"{kind:17} p50 {part['p50_us'] / 1000:,.1f} ms, p99 {part['p99_us'] / 1000:,.1f} ms, max "
          f"{part['max_us'] / 1000:,.1f} ms ({part['count']})")
  part = result.get("capacity")
  if not part:
    return
  for count, stores in part["loads"].items():
    for store, found in stores.items():
      each = (median(found[1:], "settled_bytes") - median(part["empty"][store][1:], "settled_bytes")) / count
      print(f"{count:,} in {store}: ready in {median(found[1:], 'ready_s')} s (the daemon's processor "
            f"{median(found[1:], 'daemon_cpu_s')} s, the server's {median(found[1:], 'server_cpu_s')} s), the very first "
            f"time {found[0]['ready_s']} s; {median(found[1:], 'settled_bytes') / 2**20:.1f} MiB, {each:,.0f} bytes each")
  for store in ("mongo", "redis"):
    found = part["fires"][store]
    print(f"{part['fires']['count']:,} due together in {store}: {median(found, 'per_second'):,.0f} a second, the last "
          f"{median(found, 'last_late_ms'):,.0f} ms late, {median(found, 'cpu_us_per_fire'):,.0f} us of the daemon's processor each")


def main():
  parser = argparse.ArgumentParser(prog="scripts/bench mongo", description=__doc__)
  parser.add_argument("what", nargs="?", choices=["pickup", "capacity"])
  parser.add_argument("--edits", type=int, default=250, help="of each kind")
  parser.add_argument("--old", type=int, default=10, help="edits for celerybeat-mongo")
  parser.add_argument("--loaded", type=int, default=1000, help="schedules beside those that are edited")
  parser.add_argument("--schedules", type=int, nargs="+", default=[10_000, 100_000])
  parser.add_argument("--burst", type=int, default=1000)
  parser.add_argument("--rounds", type=int, default=3)
  parser.add_argument("--json", action="store_true")
  options = parser.parse_args()
  try:
    result = {name: measure(options) for name, measure in (("pickup", pickup), ("capacity", capacity))
              if options.what in (None, name)}
  except Failed as failure:
    note(failure)
    return 1
  print(json.dumps(result)) if options.json else show(result)
  return 0


if __name__ == "__main__":
  sys.exit(main())
