"""Hours of ordinary operation with a fault every few seconds: scripts/bench soak --hours H.

There are two daemons on one store. One of them, the elder, lives from the beginning to the end: it is stopped, cut off
and overtaken. The other is ended and killed again and again. All the while schedules are edited, and a consumer takes
the messages. Each minute a line shows the elder's resources and how late fires are, by Redis' own clock. The messages
are compared with the watermarks.
"""

import hashlib
import json
import os
import pathlib
import random
import signal
import time
import uuid

import redis

from history import runs
from stage import Failed, percentile
from takeover import PREFIX, Takeover

QUEUE = "bench"
NAMESPACE = uuid.UUID("5d0e2b1c-7a43-4f6b-9c58-26e1b790d314")  # TaskID.swift
LEASE = 2
GROWTH = 4 << 20  # Bytes that count as no leak, measured after a tenth of the time.


class Soak(Takeover):
  def begin(self, options, dice):
    self.redis("--appendonly", "yes", "--appendfsync", "everysec")
    self.socket = f"{self.folder}/redis.sock"
    self.store = redis.Redis(unix_socket_path=self.socket, db=1)
    self.broker = redis.Redis(unix_socket_path=self.socket)
    # One schedule in a hundred runs each second, the others each minute or less often. No occurrence may be missing.
    self.every = {
      f"soak:{number}": 1_000_000 * (1 if number % 100 == 0 else dice.choice((60, 90, 300)))
      for number in range(options.schedules)}
    with self.store.pipeline(transaction=False) as pipe:
      for name in self.every:
        pipe.set(PREFIX + name, self.document(name, 0))
      pipe.execute()
    self.known = {}  # Name -> (due, count) of the watermark up to which messages were expected.
    self.owed = {}  # Task id -> name, of messages that are expected and not seen yet.
    self.early = {}  # Task id -> how often it was seen before the watermark showed it.
    self.messages = self.twice = 0

  def document(self, name, version):
    return json.dumps({
      "name": name, "task": "bench.soak", "enabled": True, "catchup": "all", "args": [version],
      "interval": {"every": self.every[name], "period": "microseconds"}})

  def edit(self, name, version):
    """Edits as an application does: it reads, changes, and writes unless another client has changed the document."""
    def change(pipe):
      document = json.loads(pipe.get(PREFIX + name))
      document["args"] = [version]
      pipe.multi()
      pipe.set(PREFIX + name, json.dumps(document))
    self.store.transaction(change, PREFIX + name)

  def consume(self):
    while messages := self.broker.rpop(QUEUE, 2000):
      for message in messages:
        identifier = json.loads(message)["headers"]["id"]
        self.messages += 1
        if self.owed.pop(identifier, None) is None:
          self.early[identifier] = self.early.get(identifier, 0) + 1

  def settle(self):
    """Reads the watermarks, and pairs the occurrences they show with the messages that were seen."""
    marks = self.store.hgetall(f"reactivebeat:{PREFIX}mark")
    self.consume()
    for name, every in self.every.items():
      if not (mark := marks.get(name.encode())):
        continue
      due, _, count = mark.decode().split("|")[:3]
      due, count = int(due), int(count)
      _, counted = self.known.get(name, (0, 0))
      for back in range(count - counted):
        identifier = task_id(PREFIX + name, due - back * every)
        seen = self.early.pop(identifier, 0)
        self.twice += max(0, seen - 1)
        if not seen:
          self.owed[identifier] = name
      self.known[name] = (due, count)
    return len(self.owed), sum(self.early.values())

  def lateness(self, since):
    """The lateness of each fire since then in microseconds, from the history."""
    entries = self.store.xrange(f"reactivebeat:{PREFIX}history", min=int(since * 1000))
    return [late for _, fields in entries for _, _, late in runs(fields)]

  def resources(self, program):
    status = dict(
      line.split(":", 1) for line in pathlib.Path(f"/proc/{program.pid}/status").read_text().splitlines()
      if ":" in line)
    return len(os.listdir(f"/proc/{program.pid}/fd")), 1024 * int(status["VmRSS"].split()[0]), int(status["Threads"])


def task_id(key, due):
  digest = hashlib.sha1(NAMESPACE.bytes + key.encode() + b"\0" + str(due).encode()).digest()
  return str(uuid.UUID(bytes=digest[:16], version=5))


def strike(stage, dice, elder, other, counts):
  """Causes one fault. Returns the other daemon, which may be a new one."""
  kind = dice.choice(("edits", "edits", "cut", "deaf", "pause the server", "stop the elder", "end", "kill"))
  counts[kind] = counts.get(kind, 0) + 1
  if kind == "edits":
    for name in dice.sample(sorted(stage.every), min(50, len(stage.every))):
      stage.edit(name, counts[kind])
  elif kind == "cut":
    stage.broker.execute_command("CLIENT", "KILL", "TYPE", dice.choice(("pubsub", "normal")), "SKIPME", "yes")
  elif kind == "deaf":
    stage.broker.config_set("notify-keyspace-events", "")
  elif kind == "pause the server":
    stage.broker.execute_command("CLIENT", "PAUSE", 1500)
  elif kind == "stop the elder":
    elder.process.send_signal(signal.SIGSTOP)
    stage.until(lambda: False, dice.uniform(0.5, 2.5 * LEASE))
    elder.process.send_signal(signal.SIGCONT)
  else:
    stage.ending.add(other)
    other.process.send_signal(signal.SIGTERM if kind == "end" else signal.SIGKILL)
    stage.wait("the other daemon's end", lambda: other.has_ended, 20)
    other.process.wait()
    stage.programs.remove(other)
    stage.said.pop(other)
    return stage.daemon(LEASE)
  return other


def measure(options, note, about):
  seed = options.seed if options.seed is not None else random.randrange(2**32)
  dice, counts, curve = random.Random(seed), {}, []
  note(f"{options.schedules} schedules for {options.hours:g} hours, seed {seed}")
  with Soak("soak") as stage:
    stage.begin(options, dice)
    elder, other = stage.daemon(LEASE), stage.daemon(LEASE)
    began = looked = time.time()
    struck = began + 5
    while time.time() < began + options.hours * 3600:
      stage.until(lambda: False, 0.2)
      stage.consume()
      if time.time() >= struck:
        other = strike(stage, dice, elder, other, counts)
        struck = time.time() + dice.uniform(2, 15)
      if time.time() - looked >= 60:
        late = stage.lateness(looked)
        looked = time.time()
        files, memory, threads = stage.resources(elder)
        owed, early = stage.settle()
        curve.append({
          "minute": round((looked - began) / 60), "files": files, "resident": memory, "threads": threads,
          "fires": len(late), "late_p50_us": percentile(late, 0.5), "late_p99_us": percentile(late, 0.99),
          "late_max_us": max(late, default=None)})
        note(f"minute {curve[-1]['minute']}: {files} files, {memory / 2**20:.1f} MiB, {stage.messages} messages, "
             f"p99 {(percentile(late, 0.99) or 0) / 1000:.1f} ms late, {owed} under way, {stage.twice} twice")
    # The end is quiet: what is due comes, and then nothing more.
    stage.until(lambda: False, 5 * LEASE)
    for daemon in (other, elder):
      stage.end(daemon)
      stage.programs.remove(daemon)
    owed, early = stage.settle()
    result = about | {
      "hours": options.hours, "seed": seed, "schedules": options.schedules, "faults": counts, "curve": curve,
      "messages": stage.messages, "missing": owed, "twice": stage.twice, "unexpected": early}
  if not curve:
    raise Failed("not a minute: give --hours 0.05 or more")
  first, last = curve[len(curve) // 10], curve[-1]
  result["problems"] = [text for holds, text in (
    (owed, "occurrences are missing"), (stage.twice, "messages came twice"), (early, "messages of no occurrence"),
    (last["files"] > first["files"] + 1, f"open files grew from {first['files']} to {last['files']}"),
    (last["threads"] > first["threads"], "threads grew"),
    (last["resident"] > first["resident"] + GROWTH,
     f"memory grew by {(last['resident'] - first['resident']) / 2**20:.1f} MiB"),
  ) if holds]
  return result


def show(result):
  print(f"Soak: Redis {result['redis']} on a unix socket, {result['schedules']} schedules, {result['hours']:g} hours, "
        f"seed {result['seed']}\n")
  print(f"{'minute':>8}{'open files':>12}{'resident':>14}{'fires':>10}{'late p50':>12}{'p99':>12}{'max':>12}")
  curve = result["curve"]
  for point in curve[:: max(1, len(curve) // 20)]:
    late = "".join(
      f"{(point[key] or 0) / 1000:>9.1f} ms" for key in ("late_p50_us", "late_p99_us", "late_max_us"))
    print(f"{point['minute']:>8}{point['files']:>12}{point['resident'] / 2**20:>10.1f} MiB{point['fires']:>10}{late}")
  print("\nfaults: " + ", ".join(f"{count} {kind}" for kind, count in sorted(result["faults"].items())))
  print(f"{result['messages']} messages: {result['twice']} of them twice, {result['missing']} missing, "
        f"{result['unexpected']} of no occurrence")
  for problem in result["problems"]:
    print(f"PROBLEM: {problem}")
