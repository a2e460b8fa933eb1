"""Whose word counts in a schedule of the code: the code's now, its former one, or the document's."""

import json
from typing import Any, Dict, Optional

import pytest

from reactivebeat.ownership import Outcome, Said, record, removed, settled

CODE: Dict[str, Any] = {
  "name": "report", "task": "proj.report", "enabled": True, "interval": {"every": 60, "period": "seconds"},
  "kwargs": {"token": "secret"}}


def code(**changed: Any) -> Dict[str, Any]:
  """The code's document with fields changed; None takes one out."""
  return {name: value for name, value in dict(CODE, **changed).items() if value is not None}


def bring(
    now: Dict[str, Any], stands: Optional[Dict[str, Any]], before: Optional[Dict[str, Any]], resets: bool = False,
    owner: str = "proj", takes_over: bool = False, imported: Optional[Dict[str, Any]] = None) -> Outcome:
  return settled(
    Said(now, lambda: imported or {}), "proj", None if stands is None else json.dumps(stands).encode(),
    None if before is None else record(owner, Said(before)), resets, takes_over)


def document(outcome: Outcome) -> Any:
  return None if outcome.document is None else json.loads(outcome.document)


def test_a_new_one() -> None:
  outcome = bring(CODE, None, None)
  assert document(outcome) == CODE
  assert outcome.owner == record("proj", Said(CODE))
  assert outcome.changes == ('new: interval {"every": 60, "period": "seconds"}',)


def test_nothing_to_do_changes_no_byte() -> None:
  stands = json.dumps(dict(CODE, last_run_at="2026-01-01T00:00:00Z", total_run_count=7), indent=3).encode()
  outcome = settled(Said(CODE), "proj", stands, record("proj", Said(CODE)), True, False)
  assert outcome == Outcome(stands, record("proj", Said(CODE)))


def test_the_code_changes() -> None:
  now = code(interval=None, crontab={"hour": "4"}, queue="reports", kwargs=None)
  stands = dict(CODE, last_run_at="2026-01-01T00:00:00Z", colour="red")
  outcome = bring(now, stands, CODE)
  assert document(outcome) == dict(now, last_run_at="2026-01-01T00:00:00Z", colour="red")
  assert outcome.changes == (
    'interval {"every": 60, "period": "seconds"} -> crontab {"hour": "4"}', 'no destination -> queue "reports"',
    "kwargs -> no kwargs")
  assert list(document(outcome))[3] == "crontab", "in the interval's place"
  assert "secret" not in str((outcome.changes, outcome.conflicts))


@pytest.mark.parametrize("resets", [False, True])
def test_changed_by_hand(resets: bool) -> None:
  stands = code(enabled=False, queue="fast", jitter=5, last_run_at="2026-01-01T00:00:00Z", colour="red")
  outcome = bring(CODE, stands, CODE, resets)
  assert outcome.owner == record("proj", Said(CODE))
  if resets:
    assert document(outcome) == dict(CODE, last_run_at="2026-01-01T00:00:00Z", colour="red")
    assert outcome.changes == (
      "enabled false -> enabled true (set back)", 'queue "fast" -> no destination (set back)',
      "jitter 5 -> no jitter (set back)")
    assert outcome.conflicts == ()
  else:
    assert document(outcome) == stands
    assert outcome.changes == ()
    assert outcome.conflicts == (
      'was changed by hand, and stays so: enabled false (the code: enabled true), queue "fast" (the code: no '
      "destination), jitter 5 (the code: no jitter); --conflicts reset sets it back",)


def test_both_have_changed_other_fields() -> None:
  outcome = bring(code(queue="reports"), code(enabled=False), CODE)
  assert document(outcome) == code(enabled=False, queue="reports")
  assert outcome.changes == ('no destination -> queue "reports"',)
  assert outcome.conflicts == (
    "was changed by hand, and stays so: enabled false (the code: enabled true); --conflicts reset sets it back",)


def test_a_value_that_is_not_shown() -> None:
  """It says that it has changed, and not from the same word to the same."""
  hand, now = code(kwargs={"token": "hand"}), code(kwargs={"token": "new"})
  assert bring(now, CODE, CODE).changes == ("kwargs: another value, which is not shown",)
  assert bring(CODE, hand, CODE, resets=True).changes == ("kwargs: another value, which is not shown (set back)",)
  assert bring(CODE, hand, CODE).conflicts == (
    "was changed by hand, and stays so: kwargs (the code: another value, which is not shown); --conflicts reset sets it "
    "back",)


def test_both_have_changed_the_schedule() -> None:
  """The hand's crontab and the code's new interval are one thing: never both."""
  stands = code(interval=None, crontab={"hour": "4"})
  now = code(interval={"every": 5, "period": "seconds"})
  outcome = bring(now, stands, CODE)
  assert document(outcome) == stands
  assert len(outcome.conflicts) == 1
  assert document(bring(now, stands, CODE, resets=True)) == now
  assert bring(stands, stands, CODE).conflicts == (), "both say the same"


def test_a_destination_is_one_thing() -> None:
  before = code(queue="a")
  stands = code(queue=None, exchange="e", routing_key="k")
  outcome = bring(code(queue="b"), stands, before)
  assert document(outcome) == stands
  outcome = bring(code(exchange="e", exchange_type="topic", routing_key="k"), before, before)
  assert document(outcome) == code(exchange="e", exchange_type="topic", routing_key="k")


def test_deleted_by_hand() -> None:
  outcome = bring(CODE, None, CODE)
  assert outcome.document is None and outcome.owner == record("proj", Said(CODE))
  assert outcome.conflicts == ("was deleted by hand, and stays so; --conflicts reset makes it again",)
  assert document(bring(CODE, None, CODE, resets=True)) == CODE


def test_a_document_without_owner() -> None:
  """Not touched, unless it says what the code says, or what an import has made of it."""
  stands = code(enabled=False)
  outcome = bring(CODE, stands, None)
  assert (document(outcome), outcome.owner) == (stands, None)
  assert outcome.conflicts == (
    "stands there already, not from the code, and stays as it is: it differs in enabled; --conflicts reset gives it what "
    "the code says",)
  assert document(bring(CODE, stands, None, resets=True)) == CODE
  assert bring(CODE, CODE, None) == Outcome(json.dumps(CODE).encode(), record("proj", Said(CODE)))
  imported = code(queue="celery", args=[], last_run_at="2026-01-01T00:00:00Z")
  outcome = bring(CODE, imported, None, imported=code(queue="celery", args=[]))
  assert document(outcome) == code(last_run_at="2026-01-01T00:00:00Z"), "the manifest says the queue"
  assert outcome.owner is not None and outcome.conflicts == ()


@pytest.mark.parametrize("more", [
  {"queue": "celery"}, {"args": [], "headers": {}, "queue": "celery", "timezone": "Europe/Berlin"},
  {"headers": {"periodic_task_name": "report"}}, {"timezone": "Europe/Berlin"},
  {"interval": {"every": 1.0, "period": "minutes"}}])
def test_an_import_says_what_goes_without_saying(more: Dict[str, Any]) -> None:
  """RedBeat's and Django's schedules have empty arguments, for example, and an application beside gives the route."""
  imported = code(queue="celery", timezone="Europe/Berlin")
  stands = code(**more, last_run_at="2026-01-01T00:00:00Z")
  outcome = bring(CODE, stands, None, imported=imported)
  assert document(outcome) == code(last_run_at="2026-01-01T00:00:00Z")
  assert outcome.owner == record("proj", Said(CODE)) and outcome.conflicts == ()
  # The same again, in the place of one that is in step.
  outcome = bring(CODE, stands, CODE, imported=imported)
  assert document(outcome) == stands and outcome.conflicts == ()
  assert document(bring(CODE, stands, CODE, imported=imported, resets=True)) == code(last_run_at="2026-01-01T00:00:00Z")


@pytest.mark.parametrize("more", [
  {"queue": "other"}, {"args": [1]}, {"headers": {"periodic_task_name": "another"}}, {"timezone": "UTC"}, {"kwargs": {}},
  {"headers": {"periodic_task_name": "report", "tenant": "acme"}}])
def test_what_an_import_says_otherwise_stays(more: Dict[str, Any]) -> None:
  imported, stands = code(queue="celery", timezone="Europe/Berlin"), code(**more)
  for before in (None, CODE):
    outcome = bring(CODE, stands, before, imported=imported)
    assert document(outcome) == stands and len(outcome.conflicts) == 1, before


def test_another_applications() -> None:
  outcome = bring(code(queue="b"), CODE, CODE, owner="shop")
  assert document(outcome) == CODE and outcome.owner == record("shop", Said(CODE))
  assert outcome.conflicts == (
    "is a schedule of the application shop, and stays as it is: give one of the two another name; --replace takes "
    "it over",)
  outcome = bring(code(queue="b"), CODE, CODE, owner="shop", takes_over=True)
  assert document(outcome) == code(queue="b") and outcome.owner == record("proj", Said(code(queue="b")))


def test_what_has_left_the_code() -> None:
  owner = record("proj", Said(CODE))
  ran = json.dumps(dict(CODE, last_run_at="2026-01-01T00:00:00Z", run_immediately=True, colour="red")).encode()
  assert removed(ran, owner, False) == Outcome(None, None, ("removed: it is no longer in the code",))
  edited = json.dumps(code(enabled=False)).encode()
  kept = removed(edited, owner, False)
  assert (kept.document, kept.owner) == (edited, None)
  assert kept.conflicts == (
    "is no longer in the code, and stays, since it was changed by hand (enabled): nobody's code has it now, "
    "and beat-watch rm deletes it",)
  assert removed(edited, owner, True).document is None
  assert removed(None, owner, False) == Outcome(None, None)


def test_what_cannot_be_read() -> None:
  owner = record("proj", Said(CODE))
  broken = settled(Said(CODE), "proj", b"{", owner, False, False)
  assert (broken.document, broken.owner) == (b"{", owner)
  assert broken.conflicts[0].startswith("stays as it is: not a readable document")
  assert json.loads(settled(Said(CODE), "proj", b"{", owner, True, False).document or b"") == CODE
  # A record that is none: as a document without owner.
  assert settled(Said(CODE), "proj", json.dumps(CODE).encode(), b"?", False, False).owner == owner
  shell = b'{"name": "report", "task": "proj.report", "enabled": ISODate("2026-01-01")}'
  assert settled(Said(CODE), "proj", shell, owner, False, False).document is not None


@pytest.mark.parametrize("field, value", [
  ("interval", '{"every": ISODate("2026-01-01T00:00:00Z")}'), ("interval", '{"every": 60, "period": []}'),
  ("interval", '{"every": 1' + 400 * "0" + ', "period": "hours"}'), ("interval", "[" * 5_000 + "]" * 5_000),
  ("interval", '{"every": 1e999, "period": "hours"}'), ("interval", "5"), ("crontab", '{"hour": NaN}'),
  ("crontab", '{"hour": ' + "[" * 900 + "]" * 900 + "}"), ("headers", '{"a": new Date(5)}'), ("headers", "[5]"),
  ("name", 'ObjectId("5")'), ("headers", '{"periodic_task_name": {"a": []}}')])
@pytest.mark.parametrize("has_owner", [False, True])
def test_a_field_that_no_schedule_can_have(field: str, value: str, has_owner: bool) -> None:
  """It is told as what it is, a schedule that is not the code's."""
  fields = {name: json.dumps(held) for name, held in CODE.items() if name != field}
  stands = ("{" + ", ".join(f'"{name}": {held}' for name, held in {**fields, field: value}.items()) + "}").encode()
  outcome = settled(Said(CODE), "proj", stands, record("proj", Said(CODE)) if has_owner else None, False, False)
  assert outcome.document == stands and len(outcome.conflicts) == 1
  assert document(settled(Said(CODE), "proj", stands, None, True, False)) == CODE


@pytest.mark.parametrize("depth", [900, 5_000])
def test_a_document_that_is_nested_deeply(depth: int) -> None:
  nested = "[" * depth + "]" * depth
  stands = json.dumps(CODE).replace('{"token": "secret"}', nested).encode()
  outcome = settled(Said(CODE), "proj", stands, record("proj", Said(CODE)), False, False)
  assert outcome.document == stands
  conflict, = outcome.conflicts
  assert conflict.startswith("was changed by hand, and stays so: kwargs (the code: ")
  outcome = settled(Said(CODE), "proj", stands, record("proj", Said(CODE)), True, False)
  assert document(outcome) == CODE
