"""What a daemon leaves in Redis, byte for byte: scenario.py BEAT_WATCH > FILE

Runs one scenario with this beat-watch, on two Redis servers of its own, kills the daemon with kill -9, and prints all keys
of both servers, a line of JSON for each. `previous.jsonl` beside this file is what the version before has left, and
PreviousVersionTests.swift reads it: print it anew, with the program of a release, when the next one is made.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(PROJECT / "Tests/Chaos"))

from servers import Redis, spawn  # noqa: E402

PREFIX = "tasks:meta:"
OWN = f"reactivebeat:{PREFIX}"

DOCUMENTS = {
  "hourly": {"interval": {"every": 1, "period": "hours"}, "args": [1, "zwei"], "run_immediately": True},
  "elsewhere": {"interval": {"every": 1, "period": "hours"}, "run_immediately": True, "exchange": "events",
                "routing_key": "a.b", "exchange_type": "topic"},
  "often": {"interval": {"every": 500, "period": "milliseconds"}, "queue": "fast"},
  "once": {"clocked": {"clocked_time": "2026-01-01T00:00:00Z"}},
  "seen": {"crontab": {"minute": "0", "hour": "4", "day_of_month": "29", "month_of_year": "2"}},
  "rejected": {"task": None, "interval": {"every": 1, "period": "hours"}},
}


class Scenario:
  def __init__(self, program):
    self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reactivebeat-previous-"))
    self.program = program
    self.servers = {}
    for name in ("store", "broker"):
      (self.folder / name).mkdir()
      self.servers[name] = Redis(self.folder / name, durable=True)
    self.environment = {
      key: value for key, value in os.environ.items() if not key.startswith(("CELERY_", "BEAT_WATCH_"))} | {
      "BEAT_WATCH_LEASE_TTL": "30", "BEAT_WATCH_LOG_FORMAT": "json",
      "CELERY_REDIS_SCHEDULER_URL": f"redis+socket://{self.servers['store'].path}?virtual_host=1",
      "CELERY_BROKER_URL": f"redis+socket://{self.servers['broker'].path}?virtual_host=0",
      "CELERY_REDIS_SCHEDULER_KEY_PREFIX": PREFIX}

  def run(self):
    for server in self.servers.values():
      server.start()
    self.store, self.broker = self.servers["store"].client(1), self.servers["broker"].client()
    self.broker("SADD", "_kombu.binding.events", "a.*\x06\x16a.[^.]*?\x06\x16listener")
    with open(self.folder / "daemon.log", "wb") as log:
      daemon = spawn([self.program, "run"], env=self.environment, stdout=log, stderr=log)
    log = self.folder / "daemon.log"
    self.until("the daemon leads", lambda: '"msg":"leading"' in log.read_text())
    # The documents are written while a daemon runs, so that each edit has its receipt.
    for name, fields in DOCUMENTS.items():
      document = {"name": name, "task": "proj.tasks.add", "enabled": True} | fields
      self.store("SET", PREFIX + name, json.dumps({k: v for k, v in document.items() if v is not None}))
    self.until("some have run", lambda: self.runs("often") >= 3 and self.runs("once") and self.runs("elsewhere"))
    self.until("what has run is on the broker", lambda: self.broker("LLEN", "fast") >= 2 and self.broker("LLEN", "listener"))
    self.until("all is told of", lambda: self.store("HLEN", OWN + "receipts") == len(DOCUMENTS))
    # A request as a client writes it, without waiting for the answer.
    seconds, microseconds = (int(part) for part in self.store("TIME"))
    deadline = (seconds + 30) * 1_000_000 + microseconds
    self.store("HSET", OWN + "manual", "answered", f"{deadline:020d}|hourly")
    self.until("a run by hand is answered", lambda: self.store("EXISTS", OWN + "answer:answered"))
    self.until("all but the often ones is on the broker", lambda: self.broker("LLEN", "celery") >= 3)
    self.servers["broker"].kill()
    self.until("messages wait in the outbox", lambda: self.store("LLEN", OWN + "outbox") >= 4)
    self.until("the lease is offered", lambda: self.store("EXISTS", OWN + "offer"))
    self.until("the record tells of it", lambda: b"broker_lost" in b"".join(self.store("HVALS", OWN + "daemons")))
    daemon.kill()
    daemon.wait()
    client = spawn([self.program, "fire", "hourly", "--timeout", "60"], env=self.environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    self.until("a request waits", lambda: self.store("HLEN", OWN + "manual"))
    client.kill()
    client.wait()
    self.servers["broker"].start()
    self.broker = self.servers["broker"].client()
    return self.keys("store", self.store) + self.keys("broker", self.broker)

  def runs(self, name):
    mark = self.store("HGET", OWN + "mark", name)
    return int(mark.split(b"|")[2]) if mark else 0

  def until(self, what, condition):
    deadline = time.monotonic() + 60
    while not condition():
      if time.monotonic() > deadline:
        raise RuntimeError(f"not within a minute: {what}\n" + (self.folder / "daemon.log").read_text()[-3000:])
      time.sleep(0.01)

  def keys(self, server, client):
    lines = []
    for key in sorted(client("KEYS", "*")):
      kind = client("TYPE", key).decode()
      read = {
        "string": lambda: [client("GET", key)], "list": lambda: client("LRANGE", key, 0, -1),
        "hash": lambda: client("HGETALL", key), "set": lambda: sorted(client("SMEMBERS", key)),
        "stream": lambda: [part for id, fields in client("XRANGE", key, "-", "+") for part in (id, *fields)]}
      lines.append({
        "server": server, "key": key.decode(), "type": kind, "lives": client("PTTL", key),
        "parts": [part.decode().replace(str(self.folder), "/tmp/previous") for part in read[kind]()]})
    return lines

  def end(self):
    for server in self.servers.values():
      if server.process and server.process.poll() is None:
        server.signal(signal.SIGCONT)
        server.kill()
    shutil.rmtree(self.folder, ignore_errors=True)


def main():
  scenario = Scenario(sys.argv[1])
  try:
    for line in scenario.run():
      print(json.dumps(line, ensure_ascii=False))
  finally:
    scenario.end()


if __name__ == "__main__":
  main()
