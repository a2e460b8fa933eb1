"""Writes without end: lines of the log, tables that grow, events that say what is not true."""

from sets import OWN, PREFIX, document, frame, hostile, key, own, raw

EVENTS = b"__keyspace@1__:"


def _names(a, count, text, name="flood"):
  return b"".join(frame("SET", key(f"{name}-{n}"), text(n) if callable(text) else text) for n in range(count))


def repaired(arena):
  """Reports audits that have repaired something although no event was lost."""
  return [f"audits of the {daemon.name} have repaired what no event was lost of" for daemon in arena.daemons
          if daemon.has_logged(b"repaired", 1 << 28)]


@hostile("rejected edits", "11", short="lines")
def rejected_edits(a):
  """Two versions of 1,000 rejected documents, written in turn at full rate."""
  a.at_full_rate(_names(a, 1000, b'{"name": "n"}') + _names(a, 1000, b'{"name": "m"}'))


@hostile("rejected for many reasons", "11")
def rejected_for_many_reasons(a):
  """The same, but each document has words of its own that an error message would quote."""
  texts = [lambda n: document(schedule={"interval": {"every": 1, "period": f"word{n}" * 20}}),
           lambda n: document(schedule={"crontab": {"minute": f"x{n}" * 20}}),
           lambda n: document(timezone=f"Zone/{n}", schedule={"crontab": {"minute": "*"}}), lambda n: b"%d" % n]
  a.at_full_rate(b"".join(_names(a, 500, text) for text in texts))


@hostile("accepted edits", "11")
def accepted_edits(a):
  """Two versions of 1,000 accepted documents, written in turn at full rate: each write is a change."""
  a.at_full_rate(_names(a, 1000, document(every=3600)) + _names(a, 1000, document(every=7200)))


@hostile("made and deleted", "11")
def made_and_deleted(a):
  names = [f"flood-{n}" for n in range(1000)]
  a.at_full_rate(_names(a, 1000, document()) + b"".join(frame("DEL", key(name)) for name in names))


@hostile("edits with doubts", "11")
def edits_with_doubts(a):
  """Documents that are accepted with warnings: unknown fields near known ones, old times, runs in the future."""
  a.at_full_rate(b"".join(_names(a, 1000, lambda n: document(
    intervall=n + version, last_run_at="2099-01-01T00:00:00", total_run_count=-5, catchup_windows=1, kwarg={},
    args=[n])) for version in range(2)))


@hostile("large task at 10 ms", "11", short="lines", memory=384)
def large_task(a):
  """One schedule whose task's name is a megabyte, due 100 times a second."""
  a.set("large", document(every=10, period="milliseconds", task="x" * 1_000_000))


@hostile("1,000 rejected of 1 MB", "11", memory=384)
def thousand_rejected(a):
  """A thousand rejected documents that would take a gigabyte if the daemon kept them whole."""
  for n in range(1000):
    a.set(f"rejected-{n}", raw(', "mine": "' + f"{n:04}" * 250_000 + '"', schedule='"interval": {"every": 0}'))
  while not a.is_over:
    for n in range(0, 1000, 50):
      a.set(f"rejected-{n}", raw(', "mine": "' + f"{n:04}" * 250_000 + '"', schedule='"interval": {"every": 0}'))


@hostile("other types", "11")
def other_types(a):
  """Documents' keys that become lists, hashes, sets and streams, and documents again, at full rate."""
  data = b""
  for n in range(300):
    name = key(f"type-{n}")
    data += frame("DEL", name) + frame("LPUSH", name, "x") + frame("DEL", name) + frame("HSET", name, "a", "b")
    data += frame("DEL", name) + frame("SADD", name, "x") + frame("SET", name, document()) + frame("DEL", name)
    data += frame("XADD", name, "*", "a", "b") + frame("SET", name, document())
  a.at_full_rate(data)


@hostile("renames and expiries", "11")
def renames_and_expiries(a):
  """RENAME in a circle, COPY, EXPIRE, PERSIST, PEXPIRE of a millisecond, MOVE away."""
  data = _names(a, 100, document(), "circle")
  for n in range(100):
    one, other = key(f"circle-{n}"), key(f"circle-{(n + 1) % 100}")
    data += frame("RENAME", one, other) + frame("COPY", other, one, "REPLACE") + frame("EXPIRE", one, 100)
    data += frame("PERSIST", one) + frame("SET", key(f"gone-{n}"), document(), "PX", 1) + frame("MOVE", one, 5)
    data += frame("APPEND", other, " ") + frame("SETRANGE", other, 0, "{")
  a.at_full_rate(data)


@hostile("forged events of documents", "11")
def forged_events(a):
  """Forged events, made by PUBLISH: a million names that do not exist, and events that no server sends."""
  number = 0
  while not a.is_over:
    a.flood(b"".join(
      frame("PUBLISH", EVENTS + PREFIX + b"forged-%d" % (number + n), a.rng.choice(["set", "del", "rename_to", "", "\xff" * 9]))
      for n in range(1000)))
    number = (number + 1000) % 1_000_000


@hostile("forged events of our own keys", "11", scripts=2500)
def forged_own_events(a):
  """Forged events of the daemon's own keys: of the lease, a heartbeat, a request; long ones; and channels that are
  nearly such."""
  data = b"".join(frame("PUBLISH", EVENTS + OWN + name, word) for name, word in [
    (b"lease", "del"), (b"lease", "expired"), (b"heartbeat:x", "set"), (b"heartbeat:" + b"x" * 1000, "set"),
    (b"heartbeat:", "expire"), (b"manual", "hset"), (b"manual", "del"), (b"lease", "x" * 10_000)] * 10)
  for round in a.rounds(0.005):
    a.flood(data)


@hostile("forged events of 10 MB", "11", memory=384)
def forged_large_events(a):
  """Forged events with payloads and channels of 10 MB, and with 1 MB of control characters."""
  for round in a.rounds(0.5):
    a.send(("PUBLISH", EVENTS + PREFIX + b"n", b"x" * 10_000_000), ("PUBLISH", EVENTS + PREFIX + b"y" * 10_000_000, "set"),
           ("PUBLISH", EVENTS + OWN + b"heartbeat:" + b"\x01" * 1_000_000, "set"),
           ("PUBLISH", EVENTS + PREFIX + "\u0085".encode() * 500_000, "\u0085" * 500_000))


@hostile("edits beside audits", "10", options=("--audit-interval", "1"), check=repaired, short="lines")
def edits_beside_audits(a):
  """700 edits a second beside 3,000 documents at rest, with an audit each second: no event is lost, so none may be
  repaired."""
  a.flood(_names(a, 3000, document(), "rest"))
  for round in a.rounds(0.0014):
    a.set(f"rest-{a.rng.randrange(3000)}", document(every=a.rng.randrange(100, 9999)))


@hostile("one key edited beside audits", "10", options=("--audit-interval", "1"), check=repaired)
def one_key_beside_audits(a):
  """One key that is made and deleted 2,000 times a second."""
  for round in a.rounds(0.01):
    a.send(*([("SET", key("quick"), document(every=a.rng.randrange(100, 9999))), ("DEL", key("quick"))] * 10))


@hostile("renames beside audits", "10", options=("--audit-interval", "1"), check=repaired)
def renames_beside_audits(a):
  """500 renames a second of 50 documents."""
  a.flood(_names(a, 50, document(), "to-and-fro"))
  for round in a.rounds(0.01):
    a.send(*(("RENAME", key(f"to-and-fro-{n}{x}"), key(f"to-and-fro-{n}{y}")) for n in a.rng.sample(range(50), 5)
             for x, y in (("", "x"), ("x", ""))))


# --- names and tables ---

def own_memory(arena):
  """Reports watermarks of deleted schedules that take too much room."""
  length = arena.client("HLEN", own("mark"))
  size = arena.client("MEMORY", "USAGE", own("mark"), "SAMPLES", 0) or 0
  return [f"the marks have {length} fields and {size >> 20} MiB"] if size > 200 << 20 else []


@hostile("names of 40 MB", "8", late=500, memory=512, seconds=15, check=own_memory)
def names_of_40_megabytes(a):
  """Names of 40 MB. Redis alone, with two subscribers, does not answer for 0.17 s when one is made and deleted."""
  for round in a.rounds(2):
    name = b"%d" % round + b"n" * 40_000_000
    a.set(name, document())
    a.send(("DEL", key(name)))


@hostile("a name of 300 MB", "8", late=2500, memory=700, seconds=15)
def name_of_300_megabytes(a):
  """A name of 300 MB. Redis alone, with two subscribers, does not answer for 1.6 s when it is made. The daemons load
  again, once."""
  a.set(b"n" * 300_000_000, document())
  for round in a.rounds(1):
    pass


@hostile("200 names of 1 MB", "8", check=own_memory, short="names")
def names_of_1_megabyte(a):
  """Names of 1 MB, made and deleted; all others are written once more each second."""
  for round in a.rounds(0.02):
    name = b"%06d" % (round % 200) + b"n" * 1_000_000
    a.set(name, document())
    a.send(("DEL", key(name)))


@hostile("500,000 names made and deleted", "8", memory=384, check=own_memory)
def names_made_and_deleted(a):
  number = 0
  while not a.is_over:
    a.flood(b"".join(
      frame("SET", key(f"passing-{n}"), document()) + frame("DEL", key(f"passing-{n - 500}"))
      for n in range(number, number + 500)))
    number = (number + 500) % 500_000


@hostile("2,000 queues of 200 kB", "8", short="names")
def long_queues(a):
  """Two keys edited 2,000 times, each time with another queue of 200 kB; one of them is due all the time."""
  for round in a.rounds(0.01):
    a.set("queues", document(queue=f"{round:06}" + "q" * 200_000))
    a.set("queues-due", document(every=10, period="milliseconds", queue=f"{round % 2000:06}" + "d" * 200_000))


@hostile("20,000 queues", "8")
def many_queues(a):
  """One key with another queue, exchange and routing key each time, which is fired."""
  for round in a.rounds(0.005):
    for n in range(10):
      word = f"{round:06}{n}"
      a.set(f"route-{n}", document(every=1, queue=f"hostile-{word}"))
      a.set(f"exchange-{n}", document(every=1, queue="hostile", exchange=f"exchange-{word}", routing_key=f"key-{word}"))


@hostile("words never seen before", "8")
def new_words(a):
  """Tasks, schedules, zones, periods, fields and headers that occur once and never again, at full rate."""
  number = 0
  while not a.is_over:
    data = b""
    for n in range(number, number + 200):
      data += frame("SET", key(f"word-{n % 1000}"), document(
        task=f"tasks.t{n}", every=n + 0.000001 * n, name=f"n{n}", headers={f"h{n}": n}, **{f"f{n}": n}))
      data += frame("SET", key(f"cron-{n % 1000}"), document(schedule={"crontab": {
        "minute": f"{n % 60}-59", "hour": f"{n // 60 % 24}-23", "day_of_month": f"{n // 1440 % 28 + 1}-31"}}))
    a.flood(data)
    number += 200
