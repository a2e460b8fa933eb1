"""Everything at once, while the store goes away and comes back: the process goes on, and ends when it is told to."""

import random
import signal
import threading
import time

from measures import memory
from register import attack
from servers import Redis
from visitors import Connection, NoAnswer, request
from webstage import Site, document, id_of


class Caller(threading.Thread):
  """Makes calls at random, with edits, streams and hangups among them."""

  def __init__(self, site, seed, names):
    super().__init__(daemon=True)
    self.site, self.rng, self.names = site, random.Random(seed), names
    self.calls, self.wrong, self.is_ending, self.is_over = 0, [], False, False

  def run(self):
    visitor = None
    while not self.is_over:
      try:
        visitor = visitor or self.site.visitor()
        self._call(visitor)
      except (NoAnswer, OSError) as error:
        if not self.is_ending and "refused" in str(error):
          self.wrong.append(str(error))
          return

  def _call(self, visitor):
    rng = self.rng
    name = rng.choice(self.names)
    place, kind = f"/api/v1/schedules/{id_of(name)}", rng.randrange(14)
    self.calls += 1
    if kind == 0:
      with Connection(self.site.address, timeout=2) as events:
        ids = ",".join(id_of(n) for n in rng.sample(self.names, rng.randrange(1, 20)))
        events.send(request("GET", f"/api/v1/events?ids={ids}", visitor.fields()))
        events.rest(rng.random())
      return
    if kind == 1:
      with Connection(self.site.address, timeout=2) as gone:
        gone.send(request("GET", rng.choice([place, place + "/explanation", "/api/v1/system/doctor"]),
                          visitor.fields()))
        time.sleep(rng.random() / 50)
      return
    text = document(name, args=[rng.random()], enabled=rng.random() < 0.5)
    sort = rng.choice(["name", "-task", "state", "-next", "last_run", "-late", "count"])
    method, target, content = [
      ("GET", f"/api/v1/schedules?sort={sort}&search={name[:3]}&offset={rng.randrange(20)}", None),
      ("GET", place, None), ("GET", place + "/explanation", None), ("GET", place + "/runs", None),
      ("GET", "/api/v1/facets", None), ("GET", "/api/v1/system/activity", None), ("GET", "/api/v1/system", None),
      ("POST", "/api/v1/schedules", {"name": name, "document": text}), ("DELETE", place, {"seen": "0" * 60}),
      ("POST", place + "/disable", {}), ("POST", place + "/rename", {"name": rng.choice(self.names)}),
      ("POST", "/api/v1/bulk",
       {"action": rng.choice(["enable", "disable", "delete"]), "ids": [id_of(n) for n in rng.sample(self.names, 5)]})
    ][kind - 2]
    answer = visitor.get(target) if content is None else visitor.call(method, target, content)
    if answer.status >= 500 and answer.status != 503 or answer.status < 300 and answer.body and answer.json is None:
      self.wrong.append(f"{method} {target}: {answer}")


@attack("all calls at once, while the store goes and comes", "storms")
def storm(a):
  """Eight callers and their streams; the store is killed, started, frozen, emptied, and its connections are cut."""
  folder = a.stage.folder / "other"
  folder.mkdir(exist_ok=True)
  redis = Redis(folder, durable=False)
  redis.start()
  site = Site(a.stage, "page-storm", ())
  place = f"redis+socket://{redis.path}?virtual_host="
  site.environment |= {"CELERY_REDIS_SCHEDULER_URL": place + "1", "CELERY_BROKER_URL": place + "0"}
  a.stage.sites["storm"] = site.start()
  names = [f"s-{n}" for n in range(40)]
  rng, callers = random.Random(18), [Caller(site, seed, names) for seed in range(8)]
  before = memory(site.pid)[0]
  for caller in callers:
    caller.start()
  end = time.monotonic() + (6 if a.is_short else 40)
  try:
    while time.monotonic() < end and site.is_alive:
      try:
        client = redis.client(1)
        for name in names:
          if rng.random() < 0.5:
            client("SET", "tasks:meta:" + name, document(name, queue=f"q{rng.randrange(5)}"))
        time.sleep(rng.random())
        kind = rng.randrange(6)
        if kind == 0:
          redis.kill()
          time.sleep(rng.random())
          redis.start()
        elif kind == 1:
          redis.signal(signal.SIGSTOP)
          time.sleep(2 * rng.random())
          redis.signal(signal.SIGCONT)
        elif kind == 2:
          client("FLUSHALL")
        elif kind == 3:
          client("CLIENT", "KILL", "TYPE", rng.choice(["normal", "pubsub"]), "SKIPME", "yes")
        elif kind == 4:
          client("CLIENT", "PAUSE", 500)
        else:
          client("DEL", *("tasks:meta:" + name for name in names))
        client.close()
      except (OSError, EOFError):
        redis.start()
    # Told to end in the middle of it.
    took, status = 0, site.process.poll()
    grown = memory(site.pid)[0] - before
    for caller in callers:
      caller.is_ending = True
    if status is None:
      took, status = site.stop(8)
  finally:
    for caller in callers:
      caller.is_over = True
    for caller in callers:
      caller.join(10)
    redis.signal(signal.SIGCONT)
    redis.kill()
    del a.stage.sites["storm"]
  a.tried += sum(caller.calls for caller in callers)
  for caller in callers:
    for text in caller.wrong[:2]:
      a.holds(False, text)
  a.holds(status == 0, f"the page ends with status {status} after {took:.1f} s: {' | '.join(site.lines(3))}")
  a.holds(took < 5, f"it takes {took:.1f} s to end")
  a.holds(grown < 64, f"{grown:.0f} MiB more")
