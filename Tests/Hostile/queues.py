"""Queues' keys that are no queues, and messages that no worker can read."""

from sets import document, hostile, raw

FORBIDDEN = [
  "unacked", "unacked_index", "unacked_mutex", "reactivebeat:dedup:5d0e2b1c-0000-5000-8000-000000000000",
  *(f"reactivebeat:tasks:meta:{name}" for name in (
    "mark", "lease", "epoch", "manual", "history", "receipts", "daemons", "incarnation", "offer", "outbox", "answer:x",
    "heartbeat:x", "rehearsal:x:mark")),
  "celery-task-meta-5d0e2b1c-0000-5000-8000-000000000000", "celery-taskset-meta-x", "_kombu.binding_deadlines",
  "_kombu.binding_permanent.celery", "_kombu.binding.celery", "_kombu.binding.celery.pidbox", "_kombu.binding.",
  "tasks:meta:planted", "reactivebeat:"]


def queues_are_queues(arena):
  """Checks that none of these keys is a list that the daemon has made. A document's key in another database is a name
  like any other."""
  wrong = []
  for database in (0, 1):
    client = arena.redis.client(database, 60)
    for name in FORBIDDEN:
      is_foreign = name.startswith("tasks:meta:") and database != arena.store
      if client("TYPE", name) == b"list" and not is_foreign:
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
  """Queues named as the keys that kombu keeps beside its queues, with two databases."""
  _queues(a)


@hostile("queues that are our own keys", "6", check=queues_are_queues, same_database=True)
def queues_in_one_database(a):
  """Queues named as the lease, the epoch and a document, with one database for all."""
  _queues(a)


@hostile("odd queues", "6")
def odd_queues(a):
  """Queues' names that are empty, blank, NUL, separators, globs, a priority's list of another queue, wide, 255 bytes
  and 256."""
  members = ["garbage", b"\xff", "\x06\x16\x06\x16unacked", "k\x06\x16\x06\x16" + "q" * 100_000]
  a.send(("SELECT", 0), ("SET", "string-queue", "x"), ("SADD", "set-queue", "x"), ("SADD", "_kombu.binding.fan", *members),
         ("SET", "_kombu.binding.string", "x"), ("SELECT", 1))
  odd = ["", " ", "\x00", "\x06\x16", "hostile\x06\x163", "*", "[a-z]", "?", "\\", "\n", "\u0085", "\U0001f468" * 63,
         "q" * 255, "q" * 256, "string-queue", "set-queue", ".", "/", "celery@host.celery.pidbox", "celeryev"]
  for n, name in enumerate(odd):
    a.set(f"odd-{n}", document(every=1, queue=name, priority=n % 10))
  for n, name in enumerate(["fan", "string", "celery.pidbox", "celeryev", "", "\x00", "*", "e" * 256]):
    a.set(f"odd-exchange-{n}", document(every=1, exchange=name, routing_key="#", queue=None))
    a.set(f"odd-topic-{n}", document(every=1, queue="hostile", exchange=name, routing_key="*." * 120))
  for round in a.rounds(1):
    pass


@hostile("messages that workers cannot read", "7", looks=200, short="keys")
def messages(a):
  """Messages with integers of more than 4,300 digits, numbers beyond any double, half surrogates, repeated keys and
  deep values, everywhere."""
  values = ["1" * 5000, "-" + "9" * 4301, "1" * 4300, "1e999", "-1e999", "1e-999", '"\\ud800"', '"\\u0000"',
            "[" * 60 + "]" * 60, '{"a": 1, "a": ' + "2" * 5000 + "}", "1." + "0" * 9000, "1" * 4301 + ".0", "1" * 4301 + "e0",
            '"' + "\\ud83d" * 1000 + '"']
  number = 0
  for value in values:
    for field in (f'"args": [{value}]', f'"kwargs": {{"k": {value}}}', f'"headers": {{"h": {value}}}',
                  f'"options": {{"headers": {{"h": {value}}}}}', f'"expires": {value}', f'"priority": {value}',
                  f'"time_limit": {value}', f'"headers": {{"id": {value}, "task": {value}, "lang": {value}}}',
                  f'"headers": {{"get": {value}, "_children": {value}}}',
                  f'"kwargs": {{"\\ud800": {value}}}', f'"total_run_count": {value}', f'"time_limit": [{value}, {value}]'):
      a.set(f"message-{number}", raw(", " + field))
      number += 1
  for round in a.rounds(1):
    pass
