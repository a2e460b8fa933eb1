"""Our own keys, written by somebody else, and queues that are not queues."""

import re
import time

from sets import OWN, document, hostile, key, own, raw

RUNS = re.compile(rb'"total_run_count": *(\d+)')
GARBAGE = [
  b"", b"x", b"garbage", b"0", b"-1", b"9" * 20, b"9" * 40, b"99999999999999999999|x|y|z", b"~" * 30, b"0" * 20 + b"|",
  b"0" * 20 + b"||", b"0" * 20 + b"||-1", b"0" * 20 + b"||9999999999999999999999", b"09223372036854775807||1|ffffffff",
  b"00000000000000000001|" + b"i" * 100_000 + b"|1|zzzzzzzz", b"\xff\x00\xfe", "\u0085".encode() * 1000, b"|" * 50,
  b"zzzzzzzzzzzzzzzzzzzz|id|1|00000000"]


def marked_go_on(arena):
  """Schedules whose marks were spoilt go on, or a line names each that does not."""
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
  """Written once, beside schedules of a second."""
  for n, text in enumerate(GARBAGE * 3):
    a.set(f"marked-{n}", document(every=1))
  a.settle()
  time.sleep(1.2)
  for n, text in enumerate(GARBAGE * 3):
    a.send(("HSET", own("mark"), f"marked-{n}", text))
  for round in a.rounds(1):
    pass


@hostile("marks of garbage, kept up", "5", scripts=1500)
def marks_kept_up(a):
  """Each mark is spoilt ten times a second, of schedules of 10 ms to seconds and of crontabs."""
  for n in range(50):
    a.set(f"marked-{n}", document(every=[10, 100, 1000, 5000][n % 4], period="milliseconds"))
  for round in a.rounds(0.1):
    a.send(*(("HSET", own("mark"), f"marked-{n}", a.rng.choice(GARBAGE)) for n in range(50)))


@hostile("marks ahead", "5", scripts=600)
def marks_ahead(a):
  """Marks that can be read and lie in the future, or at the end of time."""
  for n in range(50):
    a.set(f"ahead-{n}", document(every=1))
  for round in a.rounds(1):
    now = int(time.time() * 1e6)
    for n in range(50):
      due = a.rng.choice([now + 10**6 * 3600, now + 10**15, 2**63 - 1, 253402300799999999, now + 10**7])
      a.send(("HSET", own("mark"), f"ahead-{n}", f"{due:020}||1|00000000"))


@hostile("marks of nobody", "8")
def marks_of_nobody(a):
  """200,000 marks of schedules that do not exist, and values of a megabyte."""
  now = int(time.time() * 1e6)
  for begin in range(0, 200_000, 1000):
    a.send(("HSET", own("mark"), *(x for n in range(begin, begin + 1000) for x in (f"nobody-{n}", f"{now:020}||1|00000000"))))
  for n in range(100):
    a.send(("HSET", own("mark"), f"large-{n}", b"x" * 1_000_000))
  for n in range(100):
    a.set(f"large-{n}", document(every=1))
  for round in a.rounds(1):
    pass


@hostile("epoch of garbage", "5", late=2500, scripts=600)
def epoch_of_garbage(a):
  """No number, the largest one, another type; then the lease is deleted, so that somebody must count on."""
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
  """Words that are no token, without an end or with one of a second; another type."""
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
  """The word of the store changes each second, is empty, a megabyte, gone."""
  for round in a.rounds(1):
    word = [b"x%d" % round, b"", b"w" * 1_000_000, b"\xff\n\x00"][round % 4]
    a.send(("SET", own("incarnation"), word) if round % 5 else ("DEL", own("incarnation")))


@hostile("offers", "5", late=2500, scripts=600)
def offers(a):
  """Somebody offers the leader's lease, again and again."""
  for round in a.rounds(0.5):
    token = a.ask("GET", own("lease")) or b""
    a.send(("SET", own("offer"), token if round % 3 else b"x" * 1_000_000))


@hostile("own keys of other types", "5", is_victim_safe=False, scripts=600)
def own_keys_of_other_types(a):
  """Mark, receipts, manual, history, daemons, lease, epoch, incarnation, offer: each a type that it is not, in turn."""
  names = ["mark", "receipts", "manual", "history", "daemons", "lease", "epoch", "incarnation", "offer"]
  for round in a.rounds(2):
    name = names[round % len(names)]
    a.send(("DEL", own(name)), ("ZADD", own(name), 1, "x"))
    a.settle()
    time.sleep(1)
    a.send(("DEL", own(name)))


@hostile("requests", "5", short="keys")
def requests(a):
  """100,000 requests for a run now: of nobody, late, unreadable, with names of a kilobyte, of one that exists."""
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
  """2,000 requests a second for a schedule that is set aside, is too large, or is there."""
  a.set("wanted", document())
  a.set("bad", b"{}")
  for round in a.rounds(0.01):
    deadline = int(time.time() * 1e6) + 10_000_000
    a.send(("HSET", own("manual"), *(x for n in range(20) for x in (
      f"k{round}-{n}", f"{deadline:020}|" + ("wanted", "bad", "nobody", "\u0085" * 500)[n % 4]))))


@hostile("receipts, records and history stuffed", "5", short="keys")
def stuffed(a):
  """200,000 receipts, 20,000 daemons that do not exist, entries of the history that are none, values of a megabyte."""
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
  """What a person asks for is answered although others' requests cannot be read."""
  client = arena.redis.client(arena.store, 30)
  client("HSET", own("manual"), "person", f"{int(time.time() * 1e6) + 10_000_000:020}|wanted")
  answer = client("BLPOP", own("answer:person"), 5)
  return [] if answer else ["a person's request to fire has no answer within 5 s"]


@hostile("requests with odd names", "5", scripts=1000, check=requests_are_seen)
def odd_requests(a):
  """300 whose names are no text, are empty, or a megabyte; what they say cannot be read either."""
  a.set("wanted", document())
  for round in a.rounds(1):
    a.send(("HSET", own("manual"), *(x for n in range(300) for x in (b"\xff\xfe%d" % n, [b"x", b"", b"9" * 20 + b"|wanted"][n % 3]))),
           ("HSET", own("manual"), b"r" * 1_000_000, "x", "", "x", b"\n\x00\x1b", "x" * 1_000_000))


@hostile("own keys that are large", "5", is_victim_safe=False, memory=640, scripts=600, seconds=20)
def large_own_keys(a):
  """30 MB, and 300 MB, in each key that a pulse or a start reads."""
  for size in (30_000_000, 300_000_000):
    for name in ("epoch", "incarnation", "lease", "offer"):
      a.send(("SET", own(name), b"x" * size))
      a.settle()
      time.sleep(1)
      a.send(("DEL", own(name)))
    a.send(("HSET", own("receipts"), "large", b"x" * size), ("HSET", own("daemons"), "large", b"x" * size),
           ("HSET", own("mark"), "nobody", b"x" * size), ("DEL", own("lease")))


@hostile("marks that are large", "5")
def large_marks(a):
  """Good marks with a megabyte behind them, which a newer version could have written."""
  for n in range(30):
    a.set(f"tail-{n}", document(every=0.1 * (n + 1)))
  for round in a.rounds(1):
    now = int(time.time() * 1e6)
    a.send(*(("HSET", own("mark"), f"tail-{n}", b"%020d||1|00000000|" % now + b"x" * 1_000_000) for n in range(30)))


# --- queues ---

FORBIDDEN = [
  "unacked", "unacked_index", "unacked_mutex", "reactivebeat:dedup:5d0e2b1c-0000-5000-8000-000000000000",
  *(f"reactivebeat:tasks:meta:{name}" for name in (
    "mark", "lease", "epoch", "manual", "history", "receipts", "daemons", "incarnation", "offer", "outbox", "answer:x",
    "heartbeat:x", "rehearsal:x:mark")),
  "celery-task-meta-5d0e2b1c-0000-5000-8000-000000000000", "celery-taskset-meta-x", "_kombu.binding_deadlines",
  "_kombu.binding_permanent.celery", "_kombu.binding.celery", "_kombu.binding.celery.pidbox", "tasks:meta:planted", "reactivebeat:", "_kombu.binding."]


def queues_are_queues(arena):
  """None of these is a list that the daemon has made."""
  wrong = []
  for database in (0, 1):
    client = arena.redis.client(database, 60)
    for name in FORBIDDEN:
      if client("TYPE", name) == b"list":
        wrong.append(f"the daemon has pushed to {name}, database {database}")
  return wrong[:6]


def _queues(a):
  for kind in ("queue", "routing_key", "exchange"):
    for n, name in enumerate(FORBIDDEN):
      route = {"queue": name} if kind == "queue" else {"queue": "hostile", kind: name}
      a.set(f"{kind}-{n}", document(every=1, **route))
      a.set(f"{kind}-options-{n}", document(every=1, options=route))
  for round in a.rounds(1):
    pass


@hostile("queues that are not queues", "6", check=queues_are_queues, short="keys")
def queues(a):
  """Two databases: what kombu keeps beside its queues."""
  _queues(a)


@hostile("queues that are our own keys", "6", check=queues_are_queues, same_database=True)
def queues_in_one_database(a):
  """One database for all: the lease, the epoch, a document."""
  _queues(a)


@hostile("odd queues", "6")
def odd_queues(a):
  """Empty, blank, NUL, separators, globs, a priority's list of another queue, wide characters, 255 bytes and 256."""
  a.send(("SELECT", 0), ("SET", "string-queue", "x"), ("SADD", "set-queue", "x"), ("SADD", "_kombu.binding.fan", "garbage",
         b"\xff", "\x06\x16\x06\x16unacked", "k\x06\x16\x06\x16" + "q" * 100_000), ("SET", "_kombu.binding.string", "x"), ("SELECT", 1))
  odd = ["", " ", "\x00", "\x06\x16", "hostile\x06\x163", "*", "[a-z]", "?", "\\", "\n", "\u0085", "\U0001f468" * 63,
         "q" * 255, "q" * 256, "string-queue", "set-queue", ".", "/", "celery@host.celery.pidbox", "celeryev"]
  for n, name in enumerate(odd):
    a.set(f"odd-{n}", document(every=1, queue=name, priority=n % 10))
  for n, name in enumerate(["fan", "string", "celery.pidbox", "celeryev", "", "\x00", "*", "e" * 256]):
    a.set(f"odd-exchange-{n}", document(every=1, exchange=name, routing_key="#", queue=None))
    a.set(f"odd-topic-{n}", document(every=1, queue="hostile", exchange=name, routing_key="*." * 120))
  for round in a.rounds(1):
    pass


# --- messages ---

@hostile("messages that workers cannot read", "7", looks=200, short="keys")
def messages(a):
  """Integers of more than 4,300 digits, numbers beyond any double, half surrogates, keys twice, deep values, everywhere."""
  values = ["1" * 5000, "-" + "9" * 4301, "1" * 4300, "1e999", "-1e999", "1e-999", '"\\ud800"', '"\\u0000"', "[" * 60 + "]" * 60,
            '{"a": 1, "a": ' + "2" * 5000 + "}", "1." + "0" * 9000, "1" * 4301 + ".0", "1" * 4301 + "e0", '"' + "\\ud83d" * 1000 + '"']
  number = 0
  for value in values:
    for field in (f'"args": [{value}]', f'"kwargs": {{"k": {value}}}', f'"headers": {{"h": {value}}}',
                  f'"options": {{"headers": {{"h": {value}}}}}', f'"expires": {value}', f'"priority": {value}',
                  f'"time_limit": {value}', f'"headers": {{"id": {value}, "task": {value}, "lang": {value}, "retries": {value}}}',
                  f'"kwargs": {{"\\ud800": {value}}}', f'"total_run_count": {value}', f'"time_limit": [{value}, {value}]'):
      a.set(f"message-{number}", raw(", " + field))
      number += 1
  for round in a.rounds(1):
    pass
