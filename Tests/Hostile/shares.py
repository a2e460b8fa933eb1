"""Schedules that want more than their share of the daemon."""

from sets import document, frame, hostile, key

PAST = "2000-01-01T00:00:00Z"


def _many(a, count, text, name="many"):
  """So many documents; `text` is of bytes or makes them of a number."""
  for begin in range(0, count, 1000):
    a.flood(b"".join(
      frame("SET", key(f"{name}-{n}"), text(n) if callable(text) else text)
      for n in range(begin, min(begin + 1000, count))))


@hostile("300 that catch up", "4", short="shares")
def three_hundred(a):
  """300 of 10 ms that shall catch up on all since 2000."""
  _many(a, 300, document(every=10, period="milliseconds", catchup="all", last_run_at=PAST))


@hostile("20,000 of 10 ms", "4", memory=384)
def twenty_thousand(a):
  _many(a, 20_000, document(every=10, period="milliseconds"))


@hostile("5,000 that catch up on minutes", "4")
def crontabs_that_catch_up(a):
  """Crontabs of each minute, since 1970, in a zone."""
  _many(a, 5000, document(
    schedule={"crontab": {"minute": "*"}}, timezone="Europe/Berlin", catchup="all", last_run_at="1970-01-01T00:00:00Z"))


@hostile("50,000 in one transaction", "4", memory=384)
def one_transaction(a):
  """50,000 of one second, made in one moment by MULTI and EXEC, and all due in the same one."""
  text = document(every=1, start_after="2026-01-01T00:00:00Z", catchup="all")
  a.flood(frame("MULTI") + b"".join(frame("SET", key(f"burst-{n}"), text) for n in range(50_000)) + frame("EXEC"))


@hostile("30,000 at once, once", "4", memory=384)
def at_once(a):
  """`run_immediately` and `clocked` in the past, written again and again."""
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
  """5,000 of 10 ms with jitter, run counts, ends, and a window, edited all the time."""
  for round in a.rounds(1):
    _many(a, 500, lambda n: document(
      every=10 + n % 7, period="milliseconds", jitter=0.009, max_run_count=10**9 + n, catchup="all", catchup_window=10**9,
      expires_at="2099-01-01T00:00:00Z", last_run_at=PAST, priority=n % 10), f"limited-{round % 10}")


@hostile("catching up, edited", "4")
def catching_up_edited(a):
  """300 that catch up, each written back to the year 2000 ten times a second, deleted and made again."""
  text = document(every=10, period="milliseconds", catchup="all", last_run_at=PAST)
  for round in a.rounds(0.1):
    _many(a, 300, text)
    if round % 10 == 9:
      a.send(("UNLINK", *(key(f"many-{n}") for n in range(300))))


@hostile("large messages", "4", memory=512)
def large_messages(a):
  """Twenty schedules of 200 ms whose messages are 300 kB each."""
  _many(a, 20, document(every=200, period="milliseconds", args=["x" * 300_000], catchup="all", last_run_at=PAST))
