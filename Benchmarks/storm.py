"""A storm of edits while a thousand schedules fire each second: scripts/bench storm.

redis-benchmark overwrites documents at full speed, more than any daemon can read one by one. The questions are: what
happens to the schedules that are due during the storm, whether the daemon finally has the stored documents, how much
memory it needs, and how often Redis closes its connection for being too slow (client-output-buffer-limit).
"""

import hashlib
import json
import pathlib
import re
import subprocess
import threading
import time
import uuid

import redis

from stage import BEAT_WATCH, Failed, Stage, clean_environment, percentile

PREFIX = "tasks:meta:"
QUEUE = "bench"
EVERY = 1_000_000  # Microseconds.
NAMESPACE = uuid.UUID("5d0e2b1c-7a43-4f6b-9c58-26e1b790d314")  # TaskID.swift
BOUND = 512 << 20  # The resident bytes that the daemon must never reach.


class Consumer(threading.Thread):
  """Takes the queue's messages all the time, and notes when."""

  def __init__(self, socket):
    super().__init__(daemon=True)
    self.client = redis.Redis(unix_socket_path=socket)
    self.taken = []  # (seconds since 1970, message)
    self.is_over = False

  def run(self):
    while True:
      messages = self.client.rpop(QUEUE, 2000)
      now = time.time()
      if messages:
        self.taken += [(now, message) for message in messages]
      elif self.is_over:
        return
      else:
        time.sleep(0.002)


class Storm(Stage):
  def __init__(self, name):
    super().__init__(name, on_line=self.take)
    self.hung_up = 0

  def take(self, program, line):
    self.hung_up += "output buffer limits" in line

  def begin(self, options):
    self.redis()
    self.socket = f"{self.folder}/redis.sock"
    self.store = redis.Redis(unix_socket_path=self.socket, db=1)
    with self.store.pipeline(transaction=False) as pipe:
      for number in range(options.schedules):
        pipe.set(f"{PREFIX}tick:{number}", json.dumps({
          "name": str(number), "task": "bench.tick", "enabled": True, "catchup": "all",
          "interval": {"every": EVERY, "period": "microseconds"}}))
      pipe.execute()
    self.log = pathlib.Path(self.folder) / "beat-watch.log"
    self.log.touch()
    url = f"redis+socket://{self.socket}?virtual_host="
    # The log goes to a file, as a service's does.
    self.daemon = self.start(
      "beat-watch", "sh", "-c", 'exec "$@" 2>"$0"', self.log, BEAT_WATCH, "run", "--store-url", f"{url}1",
      "--broker-url", f"{url}0", "--default-queue", QUEUE, "--audit-interval", options.audit_interval, "--log-level",
      options.log_level, env=clean_environment())
    self.poll("beat-watch is ready", lambda: self.said(" ready "), 60)
    self.consumer = Consumer(self.socket)
    self.consumer.start()

  def said(self, what):
    return subprocess.run(["grep", "-c", "--", what, self.log], capture_output=True, text=True).stdout.strip() != "0"

  def lines(self, what):
    return subprocess.run(["grep", "-E", "--", what, self.log], capture_output=True, text=True).stdout.splitlines()

  def poll(self, what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
      if time.monotonic() > deadline:
        raise Failed(f"{what}: not within {seconds} s")
      self.until(lambda: False, 0.05)

  def status(self, field):
    text = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text()
    return 1024 * int(next(line for line in text.splitlines() if line.startswith(field + ":")).split()[1])

  def processor(self):
    """The daemon's processor time in seconds."""
    return int(pathlib.Path(f"/proc/{self.daemon.pid}/schedstat").read_text().split()[0]) / 1e9

  def edit(self, options):
    """Starts the storm. Returns how many seconds it lasted, as redis-benchmark says and as measured here."""
    document = (
      '{"name": "storm", "task": "bench.storm", "enabled": true, "args": ["__rand_int__"], '
      '"interval": {"every": 300, "period": "days"}}')
    began = time.monotonic()
    program = self.start(
      "redis-benchmark", "redis-benchmark", "-s", self.socket, "--dbnum", 1, "-n", options.edits, "-r", options.names,
      "-c", 16, "-P", 32, "-q", "SET", f"{PREFIX}storm:__rand_int__", document)
    self.ending.add(program)
    self.wait("redis-benchmark ends", lambda: program.has_ended, 600)
    self.programs.remove(program)
    if program.process.wait() != 0:
      raise Failed("\n".join(program.lines))
    return time.monotonic() - began

  def calm(self):
    """Waits until the daemon is connected and logs no more edits. Returns the seconds that took."""
    began, quiet, size = time.monotonic(), 0, 0
    while quiet < 3:
      self.until(lambda: False, 1)
      size, before = self.log.stat().st_size, size
      turns = self.lines(" (disconnected|reconnected|ready) ")
      # The daemon folds its fires to twenty lines a second, while each edit is a line of its own.
      quiet = quiet + 1 if size - before < 20_000 and " disconnected " not in turns[-1] else 0
      if time.monotonic() - began > 120:
        raise Failed(f"the daemon does not come to rest; its last lines:\n{self.lines('.')[-5:]}")
    return time.monotonic() - began - 3

  def documents(self):
    return sum(1 for _ in self.store.scan_iter(f"{PREFIX}*", count=5000))

  def scans(self):
    return int(self.store.info("commandstats").get("cmdstat_scan", {}).get("calls", 0))


def task_id(key, due):
  digest = hashlib.sha1(NAMESPACE.bytes + key.encode() + b"\0" + str(due).encode()).digest()
  return str(uuid.UUID(bytes=digest[:16], version=5))


def occurrences(stage, options):
  """Task id -> due, in seconds since 1970, of all occurrences up to the watermarks."""
  expected = {}
  marks = stage.store.hgetall(f"reactivebeat:{PREFIX}mark")
  for number in range(options.schedules):
    due, _, count = marks[f"tick:{number}".encode()].decode().split("|")[:3]
    for back in range(int(count)):
      instant = int(due) - back * EVERY
      expected[task_id(f"{PREFIX}tick:{number}", instant)] = instant / 1e6
  return expected


def measure(options, note, about):
  with Storm("storm") as stage:
    stage.begin(options)
    stage.until(lambda: False, 5)
    note(f"{options.edits} edits of {options.names} names, while {options.schedules} schedules fire each second")
    resident, stormed = stage.status("VmRSS"), time.time()
    seconds = stage.edit(options)
    storm_ended = time.time()
    note(f"they took {seconds:.1f} s; waiting for the daemon to come to rest")
    calm_after = stage.calm()
    calmed = time.time()
    # The count shows what the daemon knows without reading Redis. The audit after it compares all documents, byte for
    # byte.
    repaired_before = len(stage.lines(" repaired "))
    stage.daemon.process.send_signal(1)
    stage.poll("SIGHUP was heard", lambda: stage.lines(" reloaded schedules="), 60)
    known = int(re.search(r"schedules=(\d+)", stage.lines(" reloaded schedules=")[-1])[1])
    standing = stage.documents()
    note("waiting for an audit")
    scans = stage.scans()
    stage.poll("an audit", lambda: stage.scans() > scans, options.audit_interval * 3)
    stage.until(lambda: False, 6)
    at_rest = stage.status("VmRSS")
    peak = stage.status("VmHWM")
    cpu = stage.processor()
    status = stage.end(stage.daemon)
    stage.programs.remove(stage.daemon)
    stage.consumer.is_over = True
    stage.consumer.join(30)
    note("counting")
    expected = occurrences(stage, options)
    seen = {}
    for at, message in stage.consumer.taken:
      seen.setdefault(json.loads(message)["headers"]["id"], []).append(at)
    late = {"before": [], "during": [], "after": []}
    for identifier, due in expected.items():
      if identifier in seen:
        span = "before" if due < stormed else "during" if due < calmed else "after"
        late[span].append(1000 * (seen[identifier][0] - due))
    gone = [line for line in stage.lines(" disconnected ")]
    result = about | {
      "edits": options.edits, "names": options.names, "schedules": options.schedules, "seconds": round(seconds, 1),
      "edits_per_second": round(options.edits / seconds), "calm_after_s": round(calm_after, 1),
      "known": known, "standing": standing, "repaired_in_the_storm": repaired_before,
      "repaired_at_rest": len(stage.lines(" repaired ")) - repaired_before,
      "fires": len(expected), "missing": sum(1 for one in expected if one not in seen),
      "twice": sum(len(times) - 1 for times in seen.values()),
      "unexpected": sum(1 for one in seen if one not in expected),
      "skipped": len(stage.lines(" skipped ")), "deferred": len(stage.lines(" deferred ")),
      "hung_up": stage.hung_up, "disconnected": len(gone), "reconnected": len(stage.lines(" reconnected ")),
      "reasons": sorted({line.partition(": ")[2] for line in gone}), "reloading": len(stage.lines(" reloading ")),
      "late": {
        span: {"count": len(values), "p50_ms": round(percentile(values, 0.5)), "p99_ms": round(percentile(values, 0.99)),
               "max_ms": round(max(values))} for span, values in late.items() if values},
      "storm_s": round(storm_ended - stormed, 1), "resident_before": resident, "resident_peak": peak,
      "resident_after": at_rest, "processor_s": round(cpu, 1), "exit": status, "log_bytes": stage.log.stat().st_size,
    }
  result["problems"] = [text for holds, text in (
    (result["missing"], "occurrences are missing"), (result["twice"], "messages came twice"),
    (result["unexpected"], "messages of no occurrence"), (result["skipped"], "occurrences were skipped"),
    (known != standing, "the daemon knows another number of schedules than there are"),
    (result["repaired_at_rest"], "an audit found edits that were not known"),
    (peak > BOUND, "memory was not bounded"), (status != 0, f"the exit status is {status}"),
  ) if holds]
  return result


def show(result):
  mib = 1 / 2**20
  print(
    f"Storm: Redis {result['redis']} on a unix socket, {result['edits']} edits of {result['names']} names in "
    f"{result['seconds']} s ({result['edits_per_second']} a second), {result['schedules']} schedules due each second\n")
  print(f"{'lateness in the hands of a consumer':44}{'fires':>8}{'p50':>12}{'p99':>12}{'max':>12}")
  for span, name in (("before", "before the storm"), ("during", "due in the storm, or before it was digested"),
                     ("after", "afterwards")):
    if span in result["late"]:
      values = result["late"][span]
      figures = "".join(f"{values[key]:>9} ms" for key in ("p50_ms", "p99_ms", "max_ms"))
      print(f"{name:44}{values['count']:>8}{figures}")
  print()
  for name, value in (
      ("occurrences / missing / twice / skipped",
       f"{result['fires']} / {result['missing']} / {result['twice']} / {result['skipped']}"),
      ("schedules in Redis / known to the daemon", f"{result['standing']} / {result['known']}"),
      ("repaired by an audit, at rest (in the storm)",
       f"{result['repaired_at_rest']} ({result['repaired_in_the_storm']})"),
      ("digested after the last edit", f"{result['calm_after_s']} s"),
      ("hung up on by Redis, output buffer limit", result["hung_up"]),
      ("disconnected / reconnected / reloading",
       f"{result['disconnected']} / {result['reconnected']} / {result['reloading']}"),
      ("resident memory before / peak / after", f"{result['resident_before'] * mib:.0f} / "
       f"{result['resident_peak'] * mib:.0f} / {result['resident_after'] * mib:.0f} MiB"),
      ("processor time, log", f"{result['processor_s']} s, {result['log_bytes'] * mib:.0f} MiB")):
    print(f"{name:48}{value}")
  for reason in result["reasons"]:
    print(f"disconnected: {reason}")
  for problem in result["problems"]:
    print(f"PROBLEM: {problem}")


def seconds(options):
  return 25 + options.edits / 20_000 + 1.5 * options.audit_interval


def rows(result):
  followed = result["edits"] / (result["seconds"] + result["calm_after_s"])
  during = result["late"].get("during", {})
  yield {
    "what": f"{result['edits']:,} edits while {result['schedules']:,} fire each second: edits a second until known",
    "ours": f"{followed:,.0f}", "floor": f"{result['edits_per_second']:,}",
    "ratio": result["edits_per_second"] / followed}
  if during:
    yield {
      "what": "what was due meanwhile: late p50 / p99 / max",
      "ours": f"{during['p50_ms']:,} / {during['p99_ms']:,} / {during['max_ms']:,} ms"}
  yield {"what": "memory at its peak", "ours": f"{result['resident_peak'] / 2**20:,.0f} MiB"}
