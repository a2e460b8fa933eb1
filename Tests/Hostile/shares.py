"""Schedules that take more than their share of the daemon."""

import time

from sets import document, frame, hostile, key

PAST = "2000-01-01T00:00:00Z"


def _many(a, count, text, name="many"):
  """Writes `count` documents. `text` is bytes, or a function that makes them of a number."""
  for begin in range(0, count, 1000):
    a.flood(b"".join(
      frame("SET", key(f"{name}-{n}"), text(n) if callable(text) else text)
      for n in range(begin, min(begin + 1000, count))))


def people_are_served(arena):
  """Checks that a schedule saved now to run now does so within a second, and that a change of the victim is noticed."""
  client, begin = arena.broker_redis.client(arena.broker, 30), time.monotonic()
  arena.client("SET", key("at-once"), document(run_immediately=True, queue="at-once"))
  answer = client("BLPOP", "at-once", 10)
  took = time.monotonic() - begin
  return [] if answer and took < 1 else [
    f"run_immediately of a new schedule took {took:.1f} s" + ("" if answer else ", at least")]


@hostile("300 that catch up", "4", check=people_are_served, short="shares")
def three_hundred(a):
  """300 schedules of 10 ms that catch up on all runs since 2000."""
  _many(a, 300, document(every=10, period="milliseconds", catchup="all", last_run_at=PAST))


@hostile("20,000 of 10 ms", "4", memory=384, check=people_are_served)
def twenty_thousand(a):
  _many(a, 20_000, document(every=10, period="milliseconds"))


@hostile("5,000 that catch up on minutes", "4")
def crontabs_that_catch_up(a):
  """Crontabs of each minute that catch up since 1970, in a zone."""
  _many(a, 5000, document(
    schedule={"crontab": {"minute": "*"}}, timezone="Europe/Berlin", catchup="all", last_run_at="1970-01-01T00:00:00Z"))


# Redis itself needs a tenth of a second for the transaction.
@hostile("50,000 in one transaction", "4", late=250, memory=384)
def one_transaction(a):
  """50,000 schedules of one second, made in one moment by MULTI and EXEC, all due in the same moment."""
  text = document(every=1, start_after="2026-01-01T00:00:00Z", catchup="all")
  a.flood(frame("MULTI") + b"".join(frame("SET", key(f"burst-{n}"), text) for n in range(50_000)) + frame("EXEC"))


@hostile("30,000 at once, once", "4", memory=384)
def at_once(a):
  """Schedules with `run_immediately`, or `clocked` in the past, written again and again."""
  now = document(run_immediately=True)
  once = document(schedule={"clocked": {"clocked_time": PAST}}, one_off=True)
  for round in a.rounds(5):
    _many(a, 15_000, now, f"now-{round % 2}")
    _many(a, 15_000, once, f"once-{round % 2}")
    a.settle()
    names = [key(f"{kind}-{round % 2}-{n}") for kind in ("now", "once") for n in range(15_000)]
    for begin in range(0, len(names), 1000):
      a.send(("UNLINK", *names[begin:begin + 1000]))


@hostile("jitter and limits", "4")
def jitter_and_limits(a):
  """5,000 schedules of 10 ms with jitter, run counts, ends and a window, edited all the time."""
  for round in a.rounds(1):
    _many(a, 500, lambda n: document(
      every=10 + n % 7, period="milliseconds", jitter=0.009, max_run_count=10**9 + n, catchup="all", catchup_window=10**9,
      expires_at="2099-01-01T00:00:00Z", last_run_at=PAST, priority=n % 10), f"limited-{round % 10}")


@hostile("catching up, edited", "4")
def catching_up_edited(a):
  """300 schedules that catch up, each set back to the year 2000 ten times a second, deleted and made again."""
  text = document(every=10, period="milliseconds", catchup="all", last_run_at=PAST)
  for round in a.rounds(0.1):
    _many(a, 300, text)
    if round % 10 == 9:
      a.send(("UNLINK", *(key(f"many-{n}") for n in range(300))))


@hostile("large messages", "4", memory=512)
def large_messages(a):
  """Twenty schedules of 200 ms whose messages are 300 kB each."""
  _many(a, 20, document(every=200, period="milliseconds", args=["x" * 300_000], catchup="all", last_run_at=PAST))


@hostile("300 that catch up, after a stall", "4", disturb=lambda arena: arena.stall(1.2))
def three_hundred_after_a_stall(a):
  """Redis stands still for 1.2 s: the victim is overdue like all others, and must recover."""
  three_hundred(a)


@hostile("20,000 of 10 ms, after a start", "4", memory=384, disturb=lambda arena: arena.kill_and_start())
def twenty_thousand_after_a_start(a):
  """Both daemons are killed and started beside 20,000 schedules."""
  twenty_thousand(a)


@hostile("300 that catch up, two servers", "4", two_servers=True, late=250)
def three_hundred_by_the_outbox(a):
  """300 schedules whose messages go through the outbox to a broker on another server."""
  three_hundred(a)


@hostile("messages that nobody takes", "4", two_servers=True, late=250, memory=384)
def blocked_lanes(a):
  """Through the outbox to exchanges without a queue, and to a queue whose key is no list: these may fill it only for
  themselves."""
  for n in range(50):
    a.set(f"nowhere-{n}", document(every=10, period="milliseconds", exchange=f"none-{n}", routing_key="x", queue=None))
    a.set(f"no-list-{n}", document(every=10, period="milliseconds", queue="_kombu.binding.celery"))
  for round in a.rounds(1):
    pass


@hostile("messages of 1 MB at 10 ms", "4", memory=640)
def megabytes(a):
  """Ten schedules that would send a gigabyte a second."""
  _many(a, 10, document(every=10, period="milliseconds", args=["x" * 1_000_000], catchup="all", last_run_at=PAST))


@hostile("run at once, again and again", "4")
def run_immediately_again(a):
  """100 documents with `run_immediately`, each written again seven times a second, with another last run each time."""
  for round in a.rounds(0.0014):
    a.set(f"eager-{round % 100}", document(run_immediately=True, total_run_count=0, args=[round]))


@hostile("schedules that lie ahead", "4", cpu=0.25)
def ahead(a):
  """30,000 documents at rest, and new names whose last run is 59 s in the future, which each heartbeat examines."""
  _many(a, 30_000, document(), "rest")
  for round in a.rounds(0.02):
    a.set(f"ahead-{round}", document(last_run_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 58))))


@hostile("a new past under new names", "4")
def new_past(a):
  """200 new crontabs a second, of each minute in a zone since the year 2000, whose missed runs a daemon must count."""
  for round in a.rounds(0.005):
    a.set(f"past-{round}", document(
      schedule={"crontab": {"minute": "*"}}, timezone="America/St_Johns", last_run_at=PAST,
      catchup=["all", "latest", "none"][round % 3]))


@hostile("a queue that is forbidden", "4", late=1000, log=128_000, scripts=1500, rights=(
  "+@all", "~tasks:meta:*", "~reactivebeat:*", "~_kombu*", "~victim", "~hostile*", "~celery*"))
def forbidden_queue(a):
  """A queue that the daemons' user may not write to: 300 schedules of 10 ms, and no other is due for long."""
  _many(a, 300, document(every=10, period="milliseconds", queue="forbidden"))
