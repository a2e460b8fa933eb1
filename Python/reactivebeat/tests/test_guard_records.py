"""What Redis is told of an occurrence's runs, and answers (reactivebeat.guard.records)."""

from typing import Any

import pytest
import redis

from conftest import Server
from reactivebeat.guard.records import Attempt, Busy, Granted, Records, Repeat, Run

FIRST, RETRIED, REPLACED = Attempt(0, 0), Attempt(0, 1), Attempt(1, 0)


@pytest.fixture
def client(server: Server) -> Any:
  return server.client(0)


@pytest.fixture
def records(client: Any) -> Records:
  return Records(client, "reactivebeat:once:", "shop", lease=60, keep=3600)


def run(task_id: str = "5d0e2b1c", attempt: Attempt = FIRST, task: str = "shop.report", queue: str = "celery") -> Run:
  return Run(task_id, task, queue, attempt)


KEY = "reactivebeat:once:shop/celery/shop.report:5d0e2b1c"


def expire(client: Any) -> None:
  """Makes the lease of the run end now."""
  done, running, token, _, copy = client.get(KEY).split()
  client.set(KEY, b" ".join((done, running, token, b"1", copy)))


def test_a_run_that_has_ended_is_a_repeat(records: Records) -> None:
  first = run()
  assert records.begin(first) == Granted()
  assert records.finish(first)
  assert records.begin(run()) == Repeat()
  assert records.begin(run("another")) == Granted()


def test_a_run_that_is_alive_is_not_run_beside(records: Records, client: Any) -> None:
  first, second = run(), run()
  assert records.begin(first) == Granted()
  verdict = records.begin(second)
  assert isinstance(verdict, Busy) and 50 < verdict.remaining <= 60 and verdict.copy == ""
  expire(client)
  assert records.begin(second) == Granted()


def test_a_call_may_be_done_again_when_its_answer_was_lost(records: Records) -> None:
  first = run()
  assert records.begin(first) == records.begin(first) == Granted()
  assert records.finish(first)
  records.finish(first)
  assert records.begin(run()) == Repeat()


def test_a_run_that_is_released_may_begin_at_once(records: Records, client: Any) -> None:
  first = run()
  records.begin(first)
  records.release(first)
  assert client.keys() == []
  assert records.begin(run()) == Granted()
  records.release(first)
  assert isinstance(records.begin(run()), Busy), "another's run must not be released"


@pytest.mark.parametrize("later", [RETRIED, REPLACED])
def test_a_later_attempt_runs_and_an_earlier_one_is_a_repeat(records: Records, later: Attempt) -> None:
  first, second = run(), run(attempt=later)
  records.begin(first)
  # The message of the next attempt may be faster than the end of the one that has sent it.
  assert records.begin(second) == Granted()
  assert records.begin(run()) == Repeat()
  assert not records.finish(first)
  assert isinstance(records.begin(run(attempt=later)), Busy)
  assert records.finish(second)
  assert records.begin(run()) == records.begin(run(attempt=later)) == Repeat()
  assert records.begin(run(attempt=Attempt(later.replacements, later.retries + 1))) == Granted()


def test_replacements_count_for_more_than_retries(records: Records) -> None:
  records.finish(run(attempt=Attempt(1, 0)))
  assert records.begin(run(attempt=Attempt(0, 7))) == Repeat()


def test_a_dead_retry_does_not_bring_back_the_attempt_before_it(records: Records, client: Any) -> None:
  records.begin(run())
  records.finish(run())
  records.begin(run(attempt=RETRIED))
  expire(client)
  assert records.begin(run()) == Repeat()
  assert records.begin(run(attempt=RETRIED)) == Granted()


def test_an_earlier_attempt_does_not_run_after_a_later_one_has_begun(records: Records) -> None:
  """Whatever is known of it: the first record may have been lost, or the later run given back."""
  second = run(attempt=RETRIED)
  records.begin(second)
  assert records.begin(run()) == Repeat()
  other, later = run("other"), run("other", RETRIED)
  records.begin(other)
  records.begin(later)
  records.release(later)
  assert records.begin(run("other")) == Repeat()
  assert records.begin(later) == Granted()


def test_a_renewed_run_stays_alive(records: Records, client: Any) -> None:
  first, other = run(), run("other")
  records.begin(first)
  expire(client)
  records.begin(other)
  assert records.renew([first, other]) == [True, True]
  assert isinstance(records.begin(run()), Busy)


def test_a_run_that_was_taken_over_hears_it(records: Records, client: Any) -> None:
  paused, second = run(), run()
  records.begin(paused)
  expire(client)
  records.begin(second)
  assert records.renew([paused, second]) == [False, True]
  assert not records.finish(paused), "the other still runs"
  assert records.begin(run()) == Repeat()
  assert records.finish(second)
  assert records.renew([paused]) == [False]


def test_a_record_that_redis_has_lost_is_made_again(records: Records, client: Any) -> None:
  first = run()
  records.begin(first)
  client.flushall()
  assert records.renew([first]) == [True]
  assert isinstance(records.begin(run()), Busy)


def test_one_copy_comes_back(records: Records) -> None:
  first, copied = run(), run()
  records.begin(first)
  records.announce(copied, "one", "")
  records.announce(copied, "late", "")
  verdict = records.begin(copied)
  assert isinstance(verdict, Busy) and verdict.copy == "one"
  records.announce(copied, "two", "one")
  verdict = records.begin(copied)
  assert isinstance(verdict, Busy) and verdict.copy == "two"
  records.finish(first)
  records.announce(copied, "three", "two")
  assert records.begin(copied) == Repeat()


def test_a_new_run_expects_no_copy(records: Records, client: Any) -> None:
  records.begin(run())
  records.announce(run(), "one", "")
  expire(client)
  records.begin(run())
  verdict = records.begin(run())
  assert isinstance(verdict, Busy) and verdict.copy == ""


def test_records_end(client: Any) -> None:
  records = Records(client, "reactivebeat:once:", "shop", lease=60, keep=100)
  first = run()
  records.begin(first)
  assert 60 < client.ttl(KEY) <= 100
  records.finish(first)
  assert 60 < client.ttl(KEY) <= 100
  assert client.get(KEY) == b"0.0"


@pytest.mark.parametrize("value", ["", "nonsense", "- x y 1 -", "1.2.3", "0.0 - - - -", "-1.0"])
def test_what_is_no_record_is_overwritten(records: Records, client: Any, value: str) -> None:
  client.set(KEY, value)
  assert records.begin(run()) == Granted()
  assert isinstance(records.begin(run()), Busy)


def test_a_key_of_another_type_is_an_error_and_no_other_run_suffers(records: Records, client: Any) -> None:
  other = run("other")
  records.begin(other)
  client.lpush(KEY, "x")
  with pytest.raises(redis.ResponseError):
    records.begin(run())
  assert records.renew([run(), other]) == [True, True]


# Whose run it is.


def test_another_applications_run_of_the_same_id_is_another(records: Records, client: Any) -> None:
  other = Records(client, "reactivebeat:once:", "office", lease=60, keep=3600)
  first = run()
  assert records.begin(first) == other.begin(run()) == Granted()
  records.finish(first)
  assert isinstance(other.begin(run()), Busy)


def test_another_tasks_run_of_the_same_id_is_another(records: Records) -> None:
  """Two applications may have one name, or none."""
  records.finish(run())
  assert records.begin(run(task="office.report")) == Granted()
  assert records.begin(run()) == Repeat()


def test_the_run_of_another_queue_is_another(records: Records) -> None:
  """An exchange gives one message to several."""
  records.finish(run())
  assert records.begin(run(queue="other")) == Granted()
  assert records.begin(run()) == Repeat()


@pytest.mark.parametrize("application,queue,task,task_id,key", [
  ("shop", "celery", "shop.report", "id", b"shop/celery/shop.report:id"),
  ("a/b", "c", "d", "id", b"a%2Fb/c/d:id"), ("a", "b/c", "d", "id", b"a/b%2Fc/d:id"),
  ("a", "b", "c", "d:id", b"a/b/c:d:id"), ("a", "b", "c:d", "id", b"a/b/c%3Ad:id"),
  ("gr\xf6\xdfe", "q", "\ud800", "\ud800", b"gr%C3%B6%C3%9Fe/q/%ED%A0%80:\xed\xa0\x80")])
def test_the_key_tells_names_apart(
    client: Any, application: str, queue: str, task: str, task_id: str, key: bytes) -> None:
  records = Records(client, "x:", application, lease=60, keep=60)
  assert records.key(run(task_id, task=task, queue=queue)) == b"x:" + key
  assert records.begin(run(task_id, task=task, queue=queue)) == Granted()


def test_long_names_are_shortened_and_stay_apart(client: Any) -> None:
  keys = [Records(client, "x:", "a" * 100_000, lease=60, keep=60).key(run("id", task=task)) for task in ("b", "c")]
  assert keys[0] != keys[1] and {len(key) for key in keys} == {len("x:") + 32 + len(":id")}


@pytest.mark.parametrize("headers,attempt", [
  ({}, (0, 0)), ({"retries": 3}, (0, 3)), ({"retries": 1, "replaced_task_nesting": 2}, (2, 1)),
  ({"retries": None, "replaced_task_nesting": "2"}, (0, 0)), ({"retries": -1}, (0, 0)),
  ({"retries": 10**40}, (0, 2**31 - 1))])
def test_attempts_are_read_from_headers(headers: Any, attempt: Any) -> None:
  assert Attempt.of(headers) == attempt


def test_a_client_may_decode(server: Server) -> None:
  client = redis.Redis(unix_socket_path=server.socket, db=0, decode_responses=True)
  records = Records(client, "x:", "shop", lease=60, keep=60)
  first = run()
  assert records.begin(first) == Granted()
  assert isinstance(records.begin(run()), Busy)
  assert records.finish(first)
