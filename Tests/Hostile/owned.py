"""The daemon's own keys, written by another client."""

import re
import time

from sets import OWN, document, hostile, key, own

RUNS = re.compile(rb'"total_run_count": *(\d+)')
GARBAGE = [
  b"", b"x", b"garbage", b"0", b"-1", b"9" * 20, b"9" * 40, b"99999999999999999999|x|y|z", b"~" * 30, b"0" * 20 + b"|",
  b"0" * 20 + b"||", b"0" * 20 + b"||-1", b"0" * 20 + b"||9999999999999999999999", b"09223372036854775807||1|ffffffff",
  b"00000000000000000001|" + b"i" * 100_000 + b"|1|zzzzzzzz", b"\xff\x00\xfe", "\u0085".encode() * 1000, b"|" * 50,
  b"zzzzzzzzzzzzzzzzzzzz|id|1|00000000"]


def marked_go_on(arena):
  """Checks that schedules with a damaged watermark go on, or that a log line names each that does not."""
  def counts():
    names = arena.client("KEYS", key("marked-*"))
    return {name: RUNS.findall(arena.client("GET", name) or b"") for name in names}
  before, deadline, standing = counts(), time.monotonic() + 6, []
  while time.monotonic() < deadline:
    time.sleep(0.5)
    standing = [name for name, count in counts().items() if count == before[name]]
    if not standing:
      return []
  silent = [name.decode() for name in standing if not any(d.has_logged(name + b":") for d in arena.daemons)]
  return [f"{len(silent)} schedules whose marks were spoilt have stopped, and no line names them: {', '.join(silent[:4])}"
          ] if silent else []


@hostile("marks of garbage", "5", scripts=600, check=marked_go_on, short="keys")
def marks_of_garbage(a):
  """Garbage as watermarks of schedules of a second, written once."""
  for n, text in enumerate(GARBAGE * 3):
    a.set(f"marked-{n}", document(every=1))
  a.settle()
  time.sleep(1.2)
  for n, text in enumerate(GARBAGE * 3):
    a.send(("HSET", own("mark"), f"marked-{n}", text))
  for round in a.rounds(1):
    pass


# The scripts' bound covers the fires, 1,390, and the damaged watermarks, 500.
@hostile("marks of garbage, kept up", "5", scripts=2000)
def marks_kept_up(a):
  """Garbage as watermarks, written ten times a second, of schedules of 10 ms to seconds and of crontabs."""
  for n in range(50):
    a.set(f"marked-{n}", document(every=[10, 100, 1000, 5000][n % 4], period="milliseconds"))
  for round in a.rounds(0.1):
    a.send(*(("HSET", own("mark"), f"marked-{n}", a.rng.choice(GARBAGE)) for n in range(50)))


@hostile("marks ahead", "5", scripts=600)
def marks_ahead(a):
  """Watermarks that can be read and lie in the future, or at the end of time."""
  for n in range(50):
    a.set(f"ahead-{n}", document(every=1))
  for round in a.rounds(1):
    now = int(time.time() * 1e6)
    for n in range(50):
      due = a.rng.choice([now + 10**6 * 3600, now + 10**15, 2**63 - 1, 253402300799999999, now + 10**7])
      a.send(("HSET", own("mark"), f"ahead-{n}", f"{due:020}||1|00000000"))


# Redis has no command for the beginning of a field: reading 100 MB of watermarks takes it a second, once, until they
# are replaced.
@hostile("marks of nobody", "8", late=1000)
def marks_of_nobody(a):
  """200,000 watermarks of schedules that do not exist, and values of a megabyte."""
  now = int(time.time() * 1e6)
  # The writes are made in parts: all at once they would keep Redis busy for every client.
  for begin in range(0, 200_000, 1000):
    time.sleep(0.02)
    a.send(("HSET", own("mark"), *(x for n in range(begin, begin + 1000) for x in (f"nobody-{n}", f"{now:020}||1|00000000"))))
  for n in range(100):
    time.sleep(0.02)
    a.send(("HSET", own("mark"), f"large-{n}", b"x" * 1_000_000))
  for n in range(100):
    a.set(f"large-{n}", document(every=1))
  for round in a.rounds(1):
    pass


@hostile("epoch of garbage", "5", late=2500, scripts=600)
def epoch_of_garbage(a):
  """An epoch that is no number, the largest number, or another type; then the lease is deleted, so that a daemon must
  count on."""
  for round in a.rounds(1):
    kind = round % 5
    a.send(("DEL", own("epoch")))
    if kind == 4:
      a.send(("LPUSH", own("epoch"), "x"))
    else:
      a.send(("SET", own("epoch"), [b"abc", b"9223372036854775807", b"x" * 1_000_000, b"-5"][kind]))
    a.send(("DEL", own("lease")))
  a.send(("DEL", own("epoch")))


@hostile("lease of garbage", "5", late=6500, scripts=600)
def lease_of_garbage(a):
  """Leases that are no tokens, without an expiry or with one of a second, and leases of another type."""
  for round in a.rounds(2):
    kind = round % 4
    a.send(("DEL", own("lease")))
    if kind == 3:
      a.send(("SADD", own("lease"), "x"))
    else:
      a.send(("SET", own("lease"), [b"garbage", b"\xff" * 1000, b":" * 1_000_000][kind], *(["PX", 900] if kind else [])))
  a.send(("DEL", own("lease")))


@hostile("incarnation", "5", late=2500, scripts=600)
def incarnation(a):
  """The store's incarnation changes each second, is empty, is a megabyte, is gone."""
  for round in a.rounds(1):
    word = [b"x%d" % round, b"", b"w" * 1_000_000, b"\xff\n\x00"][round % 4]
    a.send(("SET", own("incarnation"), word) if round % 5 else ("DEL", own("incarnation")))


@hostile("offers", "5", late=2500, scripts=600)
def offers(a):
  """Another client offers the leader's lease, again and again."""
  for round in a.rounds(0.5):
    token = a.ask("GET", own("lease")) or b""
    a.send(("SET", own("offer"), token if round % 3 else b"x" * 1_000_000))


@hostile("own keys of other types", "5", is_victim_safe=False, scripts=600)
def own_keys_of_other_types(a):
  """Another type for watermarks, receipts, requests, history, daemons, lease, epoch, incarnation and offer, in turn."""
  names = ["mark", "receipts", "manual", "history", "daemons", "lease", "epoch", "incarnation", "offer"]
  for round in a.rounds(2):
    name = names[round % len(names)]
    a.send(("DEL", own(name)), ("ZADD", own(name), 1, "x"))
    a.settle()
    time.sleep(1)
    a.send(("DEL", own(name)))


@hostile("requests", "5", short="keys")
def requests(a):
  """100,000 requests for a manual run: for no schedule, late, unreadable, with names of a kilobyte, for one that
  exists."""
  now = int(time.time() * 1e6)
  a.set("wanted", document())
  for begin in range(0, 100_000, 1000):
    fields = []
    for n in range(begin, begin + 1000):
      deadline = now + (3_600_000_000 if n % 3 else -1)
      fields += [f"r{n}", a.rng.choice(
        [f"{deadline:020}|wanted", f"{deadline:020}|nobody-{n}", "garbage", f"{deadline:020}|" + "n" * 1000, "",
         "9" * 20 + "|wanted"])]
    a.send(("HSET", own("manual"), *fields))
  for round in a.rounds(1):
    a.send(("HSET", own("manual"), f"again-{round}", f"{now + 10**10:020}|wanted", b"\xff" * 100_000, b"\x00"))


@hostile("requests that are kept up", "5")
def requests_kept_up(a):
  """2,000 requests a second for a schedule that is rejected, is too large, or exists."""
  a.set("wanted", document())
  a.set("bad", b"{}")
  for round in a.rounds(0.01):
    deadline = int(time.time() * 1e6) + 10_000_000
    a.send(("HSET", own("manual"), *(x for n in range(20) for x in (
      f"k{round}-{n}", f"{deadline:020}|" + ("wanted", "bad", "nobody", "\u0085" * 500)[n % 4]))))


@hostile("receipts, records and history stuffed", "5", short="keys")
def stuffed(a):
  """200,000 receipts, 20,000 daemons that do not exist, invalid entries of the history, values of a megabyte."""
  for begin in range(0, 200_000, 1000):
    a.send(("HSET", own("receipts"), *(x for n in range(begin, begin + 1000) for x in (f"nobody-{n}", '{"state": "loaded"}'))))
  for begin in range(0, 20_000, 1000):
    a.send(("HSET", own("daemons"), *(x for n in range(begin, begin + 1000) for x in (f"{n:016x}", a.rng.choice(
      [b"{}", b"garbage", b'{"state": "leading", "host": "' + b"h" * 500 + b'"}', b"\xff"])))))
  for n in range(50):
    a.send(("HSET", own("receipts"), f"large-{n}", b"x" * 1_000_000), ("HSET", own("daemons"), f"large-{n}", b"{" * 1_000_000))
  for round in a.rounds(0.05):
    a.send(*(("XADD", own("history"), "MAXLEN", "~", 10000, "*", "name", b"\xff" * 100, "late", "x") for _ in range(20)))
    n = round % 1000
    a.send(("HDEL", own("receipts"), f"nobody-{n}"), ("SET", OWN + b"heartbeat:%016x" % n, "x", "PX", 3000))


def requests_are_seen(arena):
  """Checks that a user's request is answered although other requests cannot be read."""
  client = arena.redis.client(arena.store, 30)
  client("HSET", own("manual"), "person", f"{int(time.time() * 1e6) + 10_000_000:020}|wanted")
  answer = client("BLPOP", own("answer:person"), 5)
  return [] if answer else ["a person's request to fire has no answer within 5 s"]


@hostile("requests with odd names", "5", scripts=1000, check=requests_are_seen)
def odd_requests(a):
  """300 requests whose names are no text, are empty, or are a megabyte, and whose values cannot be read either."""
  a.set("wanted", document())
  for round in a.rounds(1):
    fields = (x for n in range(300) for x in (b"\xff\xfe%d" % n, [b"x", b"", b"9" * 20 + b"|wanted"][n % 3]))
    a.send(("HSET", own("manual"), *fields),
           ("HSET", own("manual"), b"r" * 1_000_000, "x", "", "x", b"\n\x00\x1b", "x" * 1_000_000))


@hostile("own keys that are large", "5", is_victim_safe=False, memory=640, scripts=600, seconds=20)
def large_own_keys(a):
  """30 MB, and 300 MB, in each key that a heartbeat or a start reads."""
  for size in (30_000_000, 300_000_000):
    for name in ("epoch", "incarnation", "lease", "offer"):
      a.send(("SET", own(name), b"x" * size))
      a.settle()
      time.sleep(1)
      a.send(("DEL", own(name)))
    a.send(("HSET", own("receipts"), "large", b"x" * size), ("HSET", own("daemons"), "large", b"x" * size),
           ("HSET", own("mark"), "nobody", b"x" * size), ("DEL", own("lease")))


@hostile("watermarks that are large", "5")
def large_marks(a):
  """Valid watermarks with a megabyte behind them, which a newer version could have written."""
  for n in range(30):
    a.set(f"tail-{n}", document(every=0.1 * (n + 1)))
  for round in a.rounds(1):
    now = int(time.time() * 1e6)
    a.send(*(("HSET", own("mark"), f"tail-{n}", b"%020d||1|00000000|" % now + b"x" * 1_000_000) for n in range(30)))
