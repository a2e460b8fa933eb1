"""How long no daemon fires when the leading one is told to end, or is killed: scripts/bench takeover.

There are always two daemons: one leads and one stands by. In each round the leader ends, the other takes over, and a
new one is started to stand by. Schedules are due all the time, so that the queue shows at the end whether an occurrence
came twice or is missing.
"""

import datetime
import json
import os
import random
import signal
import subprocess
import time

from stage import BEAT_WATCH, Failed, Stage, clean_environment, percentile

PREFIX = "tasks:meta:"
SCHEDULES = 5
EVERY = 200_000  # Microseconds.


class Takeover(Stage):
  """A Redis, and daemons whose lines are read as they come. Each line has its own time."""

  def __init__(self, name):
    super().__init__(name, on_line=self.take)
    self.said = {}  # Daemon -> message -> the time of its newest line, seconds since 1970.
    self.count = 0

  def begin(self):
    # Redis keeps every acknowledged fire, whatever happens: here only daemons die, not the server.
    self.server = self.redis()
    self.socket = f"{self.folder}/redis.sock"
    for number in range(SCHEDULES):
      document = (
        f'{{"name": "{number}", "task": "bench.tick", "enabled": true, "catchup": "all", '
        f'"interval": {{"every": {EVERY}, "period": "microseconds"}}}}')
      self.command("-n", "1", "SET", f"{PREFIX}tick:{number}", document)

  def command(self, *words):
    answer = subprocess.run(
      ["redis-cli", "-s", self.socket, *map(str, words)], capture_output=True, text=True, start_new_session=True)
    if answer.returncode:
      raise Failed(f"redis-cli: {answer.stdout}{answer.stderr}")
    return answer.stdout

  def daemon(self, lease):
    url = f"redis+socket://{self.socket}?virtual_host="
    self.count += 1
    program = self.start(
      f"beat-watch {self.count}", BEAT_WATCH, "run", "--store-url", f"{url}1", "--broker-url", f"{url}0",
      "--default-queue", "bench", "--lease-ttl", lease, "--log-format", "json", env=clean_environment())
    self.said[program] = {}
    self.wait(f"beat-watch {self.count} is ready", lambda: "ready" in self.said[program], 20)
    return program

  def take(self, program, line):
    try:
      fields = json.loads(line)
    except ValueError:
      return
    if program in self.said:
      time_of_line = datetime.datetime.fromisoformat(fields["ts"].replace("Z", "+00:00"))
      self.said[program][fields["msg"]] = time_of_line.timestamp()

  def leads(self, program):
    said = self.said[program]
    return "leading" in said and said["leading"] > said.get("standing by", 0)

  def round(self, leader, standby, number, patience):
    """Sends the leader signal `number`. Returns the milliseconds until the other leads: since the signal, and since the
    leader's line `stopped`."""
    self.wait("the schedules fire", lambda: "fired" in self.said[leader], 20)
    self.until(lambda: False, random.random())  # At any time between two heartbeats.
    self.ending.add(leader)
    told = time.time()
    leader.process.send_signal(number)
    self.wait("the other takes over", lambda: self.leads(standby), patience)
    self.wait("the leader's end", lambda: leader.has_ended, 10)
    leader.process.wait()
    self.programs.remove(leader)
    leads = self.said[standby]["leading"]
    return (leads - told) * 1000, (leads - self.said.pop(leader).get("stopped", told)) * 1000

  def faults(self):
    """The occurrences that came twice, and those that are missing."""
    ids = []
    for message in self.command("LRANGE", "bench", 0, -1).splitlines():
      if message:
        ids.append(json.loads(message)["headers"]["id"])
    counts = sum(
      int(self.command("-n", "1", "HGET", f"reactivebeat:{PREFIX}mark", f"tick:{number}").strip().split("|")[2])
      for number in range(SCHEDULES))
    return {"messages": len(ids), "twice": len(ids) - len(set(ids)), "missing": counts - len(set(ids))}


def rounds(stage, count, number, lease, note):
  leader = stage.daemon(lease)
  stage.wait("the first one leads", lambda: stage.leads(leader), 20)
  results = []
  for _ in range(count):
    standby = stage.daemon(lease)
    results.append(stage.round(leader, standby, number, lease + 20))
    leader = standby
    if len(results) % 20 == 0:
      note(f"{number.name}: {len(results)} of {count}")
  stage.end(leader)
  stage.programs.remove(leader)
  return results


def part(values):
  return {
    "count": len(values), "p50_ms": round(percentile(values, 0.5), 1), "p99_ms": round(percentile(values, 0.99), 1),
    "max_ms": round(max(values), 1),
  }


def measure(options, note, about):
  with Takeover("takeover") as stage:
    stage.begin()
    terminated = rounds(stage, options.rounds, signal.SIGTERM, options.lease_ttl, note)
    killed = rounds(stage, options.kills, signal.SIGKILL, options.lease_ttl, note)
    faults = stage.faults()
    result = about | {
      "lease_s": options.lease_ttl, "term": part([whole for whole, _ in terminated]),
      "term_after_stopped": part([after for _, after in terminated]),
      "kill": part([whole for whole, _ in killed]),
      "kill_beyond_lease": part([whole - options.lease_ttl * 1000 for whole, _ in killed]),
      "queue": faults, "cores": os.cpu_count(),
    }
  if faults["twice"] or faults["missing"]:
    raise Failed(f"the queue is not as it must be: {json.dumps(result)}")
  return result


def show(result):
  print(
    f"Take-over: Redis {result['redis']} on a unix socket, a lease of {result['lease_s']} s, {SCHEDULES} schedules "
    f"that are due every {EVERY / 1e6:g} s, {result['cores']} cores\n")
  print(f"{'until the standby leads':44}{'rounds':>8}{'p50':>12}{'p99':>12}{'max':>12}")
  for name, kind in (
      ("SIGTERM: from the signal", "term"), ("         from the line `stopped`", "term_after_stopped"),
      ("SIGKILL: from the signal", "kill"), ("         beyond the lease's whole length", "kill_beyond_lease")):
    values = result[kind]
    figures = "".join(f"{values[key]:>9.1f} ms" for key in ("p50_ms", "p99_ms", "max_ms"))
    print(f"{name:44}{values['count']:>8}{figures}")
  queue = result["queue"]
  print(f"\n{queue['messages']} messages in the queue: {queue['twice']} of them twice, {queue['missing']} missing")
