"""The faults that are made, and the alerts that must go off by each of them, and no others.

The fleet `pair` has two daemons on one Redis. `outbox` has one daemon, whose broker is another Redis. `crowd` has one
that may not fire as often as its schedules want; it runs in its own scene only.
"""

import contextlib
import pathlib
import signal
import socket
import time
from typing import AbstractSet, Callable, Dict, Iterator, List, Set

from fleet import Alert, Daemon, Failed, Prometheus, Redis, ask, document, url, wait, write
from servers import PREFIX

PAIR, OUTBOX, CROWD = "reactivebeat-pair", "reactivebeat-outbox", "reactivebeat-crowd"
#: The database of the schedules of each fleet. The queues are in database 0.
DATABASES = {PAIR: 1, OUTBOX: 2, CROWD: 3}
#: How many schedules of one second the fleet `outbox` has: its outbox must reach a thousand messages within seconds.
CROWDED = 150
#: From so many seconds on a run has been missed: BeatCore's `missedAfter`.
MISSED_AFTER = 10


class Stage:
  def __init__(self, folder: pathlib.Path, program: pathlib.Path, rules: str) -> None:
    self.folder, self.program, self.rules = folder, program, rules
    for name in ("store", "broker"):
      (folder / name).mkdir()
    self.store, self.broker = Redis(folder / "store", durable=True), Redis(folder / "broker", durable=True)
    self.store.start()
    self.broker.start()
    # Two of the three schedules have metrics of their own.
    options = ["--lease-ttl", 1, "--audit-interval", 2, "--metrics-per-schedule", 2]
    self.pair = [self.daemon(PAIR, f"pair-{letter}", *options) for letter in "ab"]
    self.lone = self.daemon(OUTBOX, "outbox", "--lease-ttl", 3, broker=url(self.broker, 0))
    self.crowd = self.daemon(CROWD, "crowd", "--max-rate", 1)
    self.allowed: Set[Alert] = set()
    #: All alerts that have gone off, with an example of their texts.
    self.seen: Dict[str, str] = {}
    self.prometheus: Prometheus

  def daemon(self, fleet: str, name: str, *options: object, broker: str = "") -> Daemon:
    return Daemon(name, self.program, self.folder, self.url(fleet), broker or self.url(), *options)

  def url(self, fleet: str = "") -> str:
    """Where the schedules of a fleet are; without one, the queues."""
    return url(self.store, DATABASES[fleet] if fleet else 0)

  @property
  def daemons(self) -> List[Daemon]:
    return [*self.pair, self.lone]

  def start(self) -> None:
    self.fill()
    for daemon in self.daemons:
      daemon.start()
    for daemon in self.daemons:
      wait(lambda: daemon.answers("/readyz") == 200, f"{daemon.name} is ready")
    self.prometheus = Prometheus(self.folder, self.rules)

  def fill(self) -> None:
    for number in range(3):
      write(self.store, 1, f"tick-{number}")
    for number in range(CROWDED):
      write(self.store, 2, f"tick-{number}")

  @property
  def leader(self) -> Daemon:
    wait(lambda: any(daemon.leads for daemon in self.pair), "one of two leads")
    return next(daemon for daemon in self.pair if daemon.leads)

  def scrape(self, **more: List[Daemon]) -> None:
    self.prometheus.place({PAIR: self.pair, OUTBOX: [self.lone], **more})

  def begin(self) -> None:
    """Tells Prometheus of the daemons."""
    self.allowed = {("ReactiveBeatNoTargets", "")}
    self.scrape()
    wait(lambda: self.prometheus.healthy_targets() == len(self.daemons), "all daemons are scraped")
    self.cured()

  def end(self) -> None:
    for daemon in [*self.daemons, self.crowd]:
      if daemon.process and daemon.process.poll() is None:
        daemon.end()
    for redis in (self.store, self.broker):
      if redis.process and redis.process.poll() is None:
        redis.kill()
    with contextlib.suppress(AttributeError):
      self.prometheus.end()

  # --- alerts ---

  def look(self) -> Set[Alert]:
    """The alerts that go off. None may that is not allowed now."""
    for alert in self.prometheus.texts():
      labels, texts = alert["labels"], alert["annotations"]
      pair = (labels["alertname"], labels.get("job", ""))
      if pair not in self.allowed:
        raise Failed(f"{pair[0]} of {pair[1] or 'all'} goes off: {texts['summary']}")
      if "no value" in texts["summary"] + texts["description"]:
        raise Failed(f"{pair[0]}: a text lacks a value: {texts}")
      self.seen.setdefault(pair[0], texts["summary"])
    return self.prometheus.firing()

  def rest(self, seconds: float) -> None:
    """Nothing may go off but what is allowed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
      self.look()
      time.sleep(0.5)

  @contextlib.contextmanager
  def fault(self, *alerts: Alert, also: AbstractSet[Alert] = frozenset()) -> Iterator[None]:
    """These alerts go off by the fault that is made inside, and those of `also` may."""
    self.allowed = {*alerts, *also}
    yield
    wait(lambda: self.look() >= set(alerts), f"{', '.join(' of '.join(alert) for alert in alerts)} goes off")

  def cured(self) -> None:
    """Some time after the fault no alert goes off, and none is about to, as by the lateness of what is made up for."""
    quiet = time.monotonic()

    def is_quiet() -> bool:
      nonlocal quiet
      self.look()
      if self.prometheus.get("alerts")["alerts"]:
        quiet = time.monotonic()
      return time.monotonic() - quiet > 3

    wait(is_quiet, "no alert goes off any more", 90)
    self.allowed = set()


# --- the scenes ---


def nothing_known(stage: Stage) -> None:
  """Prometheus knows no target."""
  with stage.fault(("ReactiveBeatNoTargets", "")):
    pass
  stage.begin()


def healthy(stage: Stage) -> None:
  """A fleet of two, of which one stands by, and a fleet of one with an outbox; nothing is wrong."""
  stage.rest(12)


def killed_leader(stage: Stage) -> None:
  """The leader is killed. The other one leads, so it is a warning; then that one is killed, too. Of the runs that are
  missed until they are started again only the latest are made up for."""
  with stage.fault(("ReactiveBeatDown", PAIR)):
    first = stage.leader
    first.end()
    wait(lambda: all(daemon.leads for daemon in stage.pair if daemon is not first), "the other one leads")
  with stage.fault(("ReactiveBeatAllDown", PAIR), also={("ReactiveBeatDown", PAIR)}):
    for daemon in stage.pair:
      if daemon is not first:
        daemon.end()
    stage.rest(MISSED_AFTER + 2)
  with stage.fault(("ReactiveBeatRunsSkipped", PAIR), also={("ReactiveBeatRunsLate", PAIR), *stage.allowed}):
    for daemon in stage.pair:
      daemon.start()
  stage.cured()


def rejected(stage: Stage) -> None:
  """A document has a mistake."""
  with stage.fault(("ReactiveBeatSchedulesRejected", PAIR)):
    stage.store.client(1)("SET", PREFIX + "broken", document("broken").replace("seconds", "secands"))
  stage.store.client(1)("DEL", PREFIX + "broken")
  stage.cured()


def unheard(stage: Stage) -> None:
  """A document is written while notifications are off, and they are on again before a heartbeat misses them."""
  client = stage.store.client(1)
  letters = client("CONFIG", "GET", "notify-keyspace-events")[1]
  with stage.fault(("ReactiveBeatEditsNotHeard", PAIR)):
    for command in (["MULTI"], ["CONFIG", "SET", "notify-keyspace-events", ""],
                    ["SET", PREFIX + "unheard", document("unheard")],
                    ["CONFIG", "SET", "notify-keyspace-events", letters], ["EXEC"]):
      client(*command)
  client("DEL", PREFIX + "unheard")
  stage.cured()


def refused(stage: Stage) -> None:
  """A queue's key is no list."""
  client = stage.store.client(0)
  with stage.fault(("ReactiveBeatSchedulesDeferred", PAIR), ("ReactiveBeatFiresRefused", PAIR)):
    client("SET", "reports", "no list")
    write(stage.store, 1, "report", queue="reports")
  stage.store.client(1)("DEL", PREFIX + "report")
  client("DEL", "reports")
  stage.allowed.add(("ReactiveBeatRunsSkipped", PAIR))
  stage.cured()


def lost_broker(stage: Stage) -> None:
  """The broker is killed; messages wait in the outbox."""
  with stage.fault(
      ("ReactiveBeatBrokerLost", OUTBOX), ("ReactiveBeatOutboxOld", OUTBOX), ("ReactiveBeatOutboxGrows", OUTBOX)):
    stage.broker.kill()
  stage.broker.start()
  stage.cured()


def frozen(stage: Stage) -> None:
  """A daemon that is alone is frozen for some seconds, and then goes on."""
  with stage.fault(
      ("ReactiveBeatRunsLate", OUTBOX), ("ReactiveBeatLoopDelayed", OUTBOX),
      also={("ReactiveBeatAllDown", OUTBOX), ("ReactiveBeatRunsSkipped", OUTBOX), ("ReactiveBeatNobodyLeads", OUTBOX),
            ("ReactiveBeatStuck", OUTBOX)}):
    stage.lone.send(signal.SIGSTOP)
    stage.rest(8)
    stage.lone.send(signal.SIGCONT)
  stage.cured()


def behind(stage: Stage) -> None:
  """A daemon has more to fire than its --max-rate lets it."""
  with stage.fault(
      ("ReactiveBeatStuck", CROWD), ("ReactiveBeatRunsLate", CROWD), also={("ReactiveBeatRunsSkipped", CROWD)}):
    for number in range(10):
      write(stage.store, 3, f"tick-{number}")
    stage.crowd.start()
    stage.scrape(**{CROWD: [stage.crowd]})
  stage.crowd.end()
  stage.scrape()
  stage.cured()


def two_fleets(stage: Stage) -> None:
  """Two fleets are scraped under the name of one."""
  # The outbox is now one of this job, too, and each series has begun anew.
  with stage.fault(("ReactiveBeatTwoLeaders", PAIR)):
    stage.prometheus.place({PAIR: stage.daemons})
  stage.scrape()
  stage.cured()


def started_again(stage: Stage) -> None:
  """A standby is ended again and again."""
  standby = next(daemon for daemon in stage.pair if daemon is not stage.leader)
  with stage.fault(("ReactiveBeatRestarts", PAIR), also={("ReactiveBeatDown", PAIR)}):
    for _ in range(5):
      standby.end(signal.SIGTERM)
      standby.start()
      wait(lambda: standby.answers("/livez") == 200, "the standby runs again")
      time.sleep(1.5)  # Prometheus looks once a second.
  stage.cured()


def cut_connections(stage: Stage) -> None:
  """The store ends all connections, again and again."""
  late = {(alert, fleet) for alert in ("ReactiveBeatNobodyLeads", "ReactiveBeatNotReady", "ReactiveBeatRunsLate")
          for fleet in (PAIR, OUTBOX)}
  with stage.fault(
      ("ReactiveBeatConnectionsUnstable", PAIR), ("ReactiveBeatConnectionsUnstable", OUTBOX),
      ("ReactiveBeatLeadershipUnstable", OUTBOX), also={("ReactiveBeatLeadershipUnstable", PAIR), *late}):
    client = stage.store.client()
    for _ in range(9):
      wait(lambda: stage.lone.leads, "the daemon leads again")
      for kind in ("normal", "pubsub"):
        client("CLIENT", "KILL", "TYPE", kind)
      time.sleep(0.5)
  stage.cured()


def failing_audits(stage: Stage) -> None:
  """The daemons' user may not read the names of all keys any more."""
  client = stage.store.client()
  with stage.fault(("ReactiveBeatAuditsFail", PAIR)):
    client("ACL", "SETUSER", "default", "-scan")
  client("ACL", "SETUSER", "default", "+@all")
  stage.cured()


def few_files(stage: Stage) -> None:
  """A daemon may open few files, and somebody opens connections to its endpoint."""
  daemon = stage.daemon(CROWD, "few-files")
  daemon.command = ["prlimit", "--nofile=40", *daemon.command]
  daemon.start()
  try:
    wait(lambda: daemon.answers("/readyz") == 200, "the daemon is ready")
    used = daemon.value("process_open_fds") or 0
    with contextlib.ExitStack() as connections, stage.fault(("ReactiveBeatFilesRunOut", CROWD)):
      stage.scrape(**{CROWD: [daemon]})
      for _ in range(int(36 - used)):
        connection = connections.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(1000)
  finally:
    daemon.end()
  stage.scrape()
  stage.cured()


def flushed(stage: Stage) -> None:
  """The schedules are gone, and somebody writes them again."""
  with stage.fault(("ReactiveBeatChangesMissed", PAIR)):
    stage.store.client(1)("FLUSHDB")
  stage.fill()
  stage.cured()


def stopped_store(stage: Stage) -> None:
  """The store is killed. Each daemon says so itself."""
  critical = [(alert, fleet) for alert in ("ReactiveBeatStoreLost", "ReactiveBeatNobodyLeads", "ReactiveBeatNotReady")
              for fleet in (PAIR, OUTBOX)]
  with stage.fault(*critical):
    stage.store.kill()
  for daemon in stage.daemons:
    ready, alive = ask(daemon.port, "/readyz"), ask(daemon.port, "/livez")
    if (ready.status, alive.status) != (503, 200) or "store" not in ready.text:
      raise Failed(f"without its store {daemon.name} answers {ready} and {alive}")
  stage.store.start()
  # What was missed is made up for, and that is late.
  stage.allowed |= {(alert, fleet) for alert in ("ReactiveBeatRunsSkipped", "ReactiveBeatRunsLate", "ReactiveBeatStuck")
                    for fleet in (PAIR, OUTBOX)}
  stage.cured()


SCENES: Dict[str, Callable[[Stage], None]] = {
  scene.__name__.replace("_", "-"): scene for scene in (
    nothing_known, healthy, killed_leader, rejected, unheard, refused, lost_broker, frozen, behind, two_fleets,
    started_again, cut_connections, failing_audits, few_files, flushed, stopped_store)}
SHORT = ("nothing-known", "rejected")
