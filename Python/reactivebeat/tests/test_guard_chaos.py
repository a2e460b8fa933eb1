"""The short form of scripts/guard."""

import guard_chaos


def test_no_occurrence_is_lost_and_none_is_run_twice() -> None:
  counts = guard_chaos.run(guard_chaos.parse(["--messages", "50", "--kills", "2", "--limit", "120"]))
  assert (counts["ended"], counts["beside"], counts["again"]) == (50, 0, 0), counts
  # A kill may cost kombu a message for each connection, and not each time.
  assert counts["lost by kombu"] <= counts["kills"], counts


def test_without_the_guard_they_are() -> None:
  counts = guard_chaos.run(guard_chaos.parse(["--messages", "20", "--kills", "0", "--limit", "120", "--unguarded"]))
  assert counts["beside"] + counts["again"] > 0, counts
