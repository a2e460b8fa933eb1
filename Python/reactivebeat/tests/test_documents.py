"""Documents from Python's and Celery's objects, and what is refused."""

import contextlib
import datetime
import decimal
import json
import uuid
import zoneinfo
from typing import Any, Callable, Dict

import pytest
from celery import Celery, chain, group
from celery.schedules import crontab, schedule, solar

from reactivebeat.build import build, whole
from reactivebeat.documents import Document, Draft, kept
from reactivebeat.errors import InvalidSchedule

UTC = datetime.timezone.utc
app = Celery("proj", broker="redis://", set_as_current=False)


@app.task(name="tasks.add")
def add(x: int, y: int) -> int:
  return x + y


def made(task: Any = "t", when: Any = 60, zone: Any = None, **fields: Any) -> Dict[str, Any]:
  found: Dict[str, Any] = json.loads(build("n", task, when, fields, zone))
  return found


@pytest.mark.parametrize("when, field, written", [
  (10, "interval", {"every": 10, "period": "seconds"}),
  (300, "interval", {"every": 5, "period": "minutes"}),
  (0.25, "interval", {"every": 250, "period": "milliseconds"}),
  (datetime.timedelta(days=14), "interval", {"every": 14, "period": "days"}),
  (datetime.timedelta(microseconds=10_001), "interval", {"every": 10_001, "period": "microseconds"}),
  (schedule(90), "interval", {"every": 90, "period": "seconds"}),
  (schedule(datetime.timedelta(hours=2), relative=True), "interval", {"every": 2, "period": "hours", "relative": True}),
  (crontab(hour=2, minute="30"), "crontab",
   {"minute": "30", "hour": 2, "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}),
  (crontab(minute={5, 1}, day_of_week="mon-fri"), "crontab",
   {"minute": [1, 5], "hour": "*", "day_of_week": "mon-fri", "day_of_month": "*", "month_of_year": "*"}),
  ("30 2 1 * mon-fri", "crontab",
   {"minute": "30", "hour": "2", "day_of_week": "mon-fri", "day_of_month": "1", "month_of_year": "*"}),
  ({"hour": 2, "minute": [0, 30], "day_of_year": 60}, "crontab", {"hour": 2, "minute": [0, 30], "day_of_year": 60}),
  (datetime.datetime(2027, 1, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")), "clocked",
   {"clocked_time": "2027-01-01T00:00:00Z"}),
])
def test_when(when: Any, field: str, written: Any) -> None:
  document = made(when=when)
  assert document[field] == written
  assert list(document) == ["name", "task", "enabled", field]


@pytest.mark.parametrize("task, fields", [
  ("tasks.add", {}),
  (add, {}),
  (add.s(1, 2), {"args": [1, 2]}),
  (add.s(y=2).set(queue="q", priority=3, expires=60, retry=True), {
    "kwargs": {"y": 2}, "queue": "q", "priority": 3, "expires": 60}),
  (app.signature("tasks.add", args=(1,), options={"routing_key": "k", "exchange": "e"}),
   {"args": [1], "exchange": "e", "routing_key": "k"}),
])
def test_a_task_its_name_or_a_signature(task: Any, fields: Dict[str, Any]) -> None:
  document = made(task)
  assert document.pop("task") == "tasks.add"
  assert document == {"name": "n", "enabled": True, "interval": {"every": 1, "period": "minutes"}, **fields}


def test_a_keyword_wins_over_the_signature() -> None:
  assert made(add.s(1).set(queue="q"), queue="r", args=[2]) == {
    "name": "n", "task": "tasks.add", "enabled": True, "interval": {"every": 1, "period": "minutes"},
    "args": [2], "queue": "r"}


def test_every_field() -> None:
  moment = datetime.datetime(2027, 1, 1, 12, 30, 0, 250, tzinfo=UTC)
  fields: Dict[str, Any] = {
    "args": (1, "ü"), "kwargs": {"x": None}, "enabled": False, "label": "Report",
    "timezone": zoneinfo.ZoneInfo("Asia/Tokyo"),
    "align": True, "queue": "q", "exchange": "e", "exchange_type": "topic", "routing_key": "k", "priority": 0,
    "expires": datetime.timedelta(minutes=1), "time_limit": 2.5, "soft_time_limit": 2, "headers": {"h": 1},
    "ignore_result": True, "delivery_mode": 1, "shadow": "s", "argsrepr": "a", "kwargsrepr": "k",
    "run_immediately": True, "start_after": moment, "expires_at": moment, "max_run_count": 3, "one_off": False,
    "jitter": 1, "catchup": "none", "catchup_window": datetime.timedelta(hours=1), "extra": {"colour": "red"}}
  assert made(when=3600, **fields) == {
    "name": "Report", "task": "t", "enabled": False, "interval": {"every": 1, "period": "hours", "align": True},
    "timezone": "Asia/Tokyo", "args": [1, "ü"], "kwargs": {"x": None}, "queue": "q", "exchange": "e",
    "exchange_type": "topic", "routing_key": "k", "priority": 0, "expires": 60, "time_limit": 2.5,
    "soft_time_limit": 2, "headers": {"h": 1}, "ignore_result": True, "delivery_mode": 1, "shadow": "s",
    "argsrepr": "a", "kwargsrepr": "k", "run_immediately": True, "start_after": "2027-01-01T12:30:00.000250Z",
    "expires_at": "2027-01-01T12:30:00.000250Z", "max_run_count": 3, "one_off": False, "jitter": 1,
    "catchup": "none", "catchup_window": 3600, "colour": "red"}
  # Each attribute reads what was written.
  document = Document("n", build("n", "t", 3600, fields))
  for field, value in fields.items():
    if field not in ("extra", "timezone", "args", "expires", "catchup_window"):
      assert getattr(document, field) == value, field
  assert (document.timezone, document.args, document["colour"]) == ("Asia/Tokyo", [1, "ü"], "red")
  assert document.when == datetime.timedelta(hours=1)


def test_the_applications_zone_is_written_where_it_matters() -> None:
  assert made(when=crontab(), zone="Europe/Berlin")["timezone"] == "Europe/Berlin"
  assert made(when=schedule(3600, relative=True), zone="Europe/Berlin")["timezone"] == "Europe/Berlin"
  assert made(when=crontab(), zone="Europe/Berlin", timezone="UTC")["timezone"] == "UTC"
  assert "timezone" not in made(when=3600, zone="Europe/Berlin")


def test_arguments_that_celery_knows_beyond_json() -> None:
  found = made(kwargs={"when": datetime.datetime(2027, 1, 1), "id": uuid.UUID(int=7), "price": decimal.Decimal("1.5")})
  from kombu.utils.json import loads
  assert loads(json.dumps(found["kwargs"])) == {
    "when": datetime.datetime(2027, 1, 1), "id": uuid.UUID(int=7), "price": decimal.Decimal("1.5")}


class Own(crontab):
  pass


NAIVE = datetime.datetime(2027, 1, 1)
MOMENT = datetime.datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name, task, when, fields, field, reason", [
  ("", "t", 1, {}, "name", "is empty"),
  (7, "t", 1, {}, "name", "expected a text"),
  ("a" * 1025, "t", 1, {}, "name", "has 1025 bytes, and at most 1024"),
  ("ü" * 513, "t", 1, {}, "name", "has 1026 bytes"),
  ("n", "", 1, {}, "task", "is empty"),
  ("n", None, 1, {}, "task", "a NoneType is no task"),
  ("n", 7, 1, {}, "task", "a int is no task"),
  ("n", lambda: 1, 1, {}, "task", "a function is no task"),
  ("n", "t" * 1025, 1, {}, "task", "has 1025 bytes"),
  ("n", chain(add.s(1, 2), add.s(3)), 1, {}, "task", "is several tasks"),
  ("n", group(add.s(1, 2), add.s(3, 4)), 1, {}, "task", "is several tasks"),
  ("n", add.s(1).set(countdown=3), 1, {}, "countdown", "cannot be honoured: a run is sent when it is due"),
  ("n", add.s(1).set(eta=MOMENT), 1, {}, "eta", "cannot be honoured"),
  ("n", add.s(1).set(link=add.s(2)), 1, {}, "link", "cannot be honoured: a schedule sends one task"),
  ("n", add.s(1).set(task_id="x"), 1, {}, "task_id", "cannot be honoured: each run has an id"),
  ("n", add.s(1).set(serializer="pickle"), 1, {}, "serializer", "messages are JSON"),
  ("n", "t", 0, {}, "interval.every", "not positive"),
  ("n", "t", -5, {}, "interval.every", "-5 seconds is not positive"),
  ("n", "t", 0.009999, {}, "interval.every", "too short; the shortest interval is 10 milliseconds"),
  ("n", "t", datetime.timedelta(days=36_526), {}, "interval.every", "over 100 years"),
  ("n", "t", float("nan"), {}, "interval.every", "not a number"),
  ("n", "t", float("inf"), {}, "interval.every", "not a number"),
  ("n", "t", True, {}, "when", "a bool is no schedule"),
  ("n", "t", None, {}, "when", "a NoneType is no schedule"),
  ("n", "t", [5], {}, "when", "a list is no schedule"),
  ("n", "t", datetime.time(2, 30), {}, "when", "a time is no schedule"),
  ("n", "t", schedule(0), {}, "interval.every", "not positive"),
  ("n", "t", solar.__new__(solar), {}, "solar", "is not supported; write a crontab"),
  ("n", "t", Own(), {}, "when", "Own is not known here"),
  ("n", "t", crontab(nowfun=lambda: NAIVE), {}, "when", "has a nowfun"),
  ("n", "t", NAIVE, {}, "clocked.clocked_time", "has no zone"),
  ("n", "t", "30 2 * *", {}, "crontab", "has 4 fields"),
  ("n", "t", "@daily", {}, "crontab", "has 1 fields"),
  ("n", "t", "61 2 * * *", {}, "crontab.minute", "'61': 61 is out of range 0-59"),
  ("n", "t", "0 2 * * frog", {}, "crontab.day_of_week", "'frog'"),
  ("n", "t", "*/0 2 * * *", {}, "crontab.minute", "'*/0'"),
  ("n", "t", {"hours": 2}, {}, "crontab.hours", "is not known; expected minute"),
  ("n", "t", {"hour": 24}, {}, "crontab.hour", "'24'"),
  ("n", "t", {"hour": None}, {}, "crontab.hour", "'None'"),
  ("n", "t", {"hour": True}, {}, "crontab.hour", "expected a whole number, a text, or a list of whole numbers"),
  ("n", "t", {"day_of_year": 367}, {}, "crontab.day_of_year", "367 is out of range 1-366"),
  ("n", "t", {"day_of_week": 7}, {}, "crontab.day_of_week", "7 is out of range 0-6; Sunday is 0"),
  ("n", "t", 1, {"args": "abc"}, "args", "expected a list such as [2, 3], found 'abc'"),
  ("n", "t", 1, {"args": {"x": 1}}, "args", "expected a list"),
  ("n", "t", 1, {"args": [object()]}, "args", "JSON cannot hold it"),
  ("n", "t", 1, {"kwargs": [1]}, "kwargs", "expected a mapping"),
  ("n", "t", 1, {"kwargs": {1: 2}}, "kwargs", "the name 1 is no text"),
  ("n", "t", 1, {"kwargs": {"x": float("nan")}}, "kwargs", "JSON cannot hold it"),
  ("n", "t", 1, {"kwargs": {"x": {1, 2}}}, "kwargs", "JSON cannot hold it"),
  ("n", "t", 1, {"kwargs": {"x": "\ud800"}}, "kwargs", "JSON cannot hold it"),
  ("n", "t", 1, {"kwargs": {"x": lambda: 1}}, "kwargs", "JSON cannot hold it"),
  ("n", "t", 1, {"enabled": "yes"}, "enabled", "expected True or False, found 'yes'"),
  ("n", "t", 1, {"enabled": 1}, "enabled", "expected True or False"),
  ("n", "t", 1, {"label": ""}, "name", "is empty"),
  ("n", "t", 1, {"timezone": "Mars/Olympus"}, "timezone", '"Mars/Olympus" is no time zone'),
  ("n", "t", 1, {"timezone": "../etc/passwd"}, "timezone", "is no time zone"),
  ("n", "t", 1, {"timezone": ""}, "timezone", "is empty"),
  ("n", "t", 1, {"timezone": 2}, "timezone", "expected a text"),
  ("n", "t", 1, {"timezone": datetime.timezone(datetime.timedelta(hours=1))}, "timezone", "has no name"),
  ("n", "t", 60, {"relative": True, "align": True}, "align", "cannot be joined with relative"),
  ("n", "t", schedule(60, relative=True), {"align": True}, "align", "cannot be joined with relative"),
  ("n", "t", crontab(), {"relative": True}, "relative", "belongs to an interval"),
  ("n", "t", crontab(), {"align": True}, "align", "belongs to an interval"),
  ("n", "t", 60, {"relative": 1}, "relative", "expected True or False"),
  ("n", "t", 1, {"queue": ""}, "queue", "is empty"),
  ("n", "t", 1, {"queue": "q" * 256}, "queue", "has 256 bytes, and at most 255"),
  ("n", "t", 1, {"queue": 7}, "queue", "expected a text"),
  ("n", "t", 1, {"exchange_type": "fanout"}, "exchange_type", 'expected "direct" or "topic"'),
  ("n", "t", 1, {"priority": "high"}, "priority", "expected a whole number"),
  ("n", "t", 1, {"priority": -1}, "priority", "expected a whole number"),
  ("n", "t", 1, {"priority": True}, "priority", "expected a whole number"),
  ("n", "t", 1, {"priority": 1.5}, "priority", "expected a whole number"),
  ("n", "t", 1, {"expires": NAIVE}, "expires", "has no zone"),
  ("n", "t", 1, {"expires": -1}, "expires", "expected seconds"),
  ("n", "t", 1, {"expires": "soon"}, "expires", "expected seconds"),
  ("n", "t", 1, {"time_limit": -1}, "time_limit", "expected seconds"),
  ("n", "t", 1, {"soft_time_limit": float("inf")}, "soft_time_limit", "expected seconds"),
  ("n", "t", 1, {"headers": [1]}, "headers", "expected a mapping"),
  ("n", "t", 1, {"ignore_result": "no"}, "ignore_result", "expected True or False"),
  ("n", "t", 1, {"delivery_mode": 3}, "delivery_mode", 'expected 1 or "transient"'),
  ("n", "t", 1, {"delivery_mode": True}, "delivery_mode", 'expected 1 or "transient"'),
  ("n", "t", 1, {"run_immediately": "now"}, "run_immediately", "expected True or False"),
  ("n", "t", 1, {"start_after": NAIVE}, "start_after", "has no zone"),
  ("n", "t", 1, {"start_after": "2027-01-01"}, "start_after", "expected a datetime with a zone"),
  ("n", "t", 1, {"expires_at": datetime.date(2027, 1, 1)}, "expires_at", "expected a datetime with a zone"),
  ("n", "t", 1, {"max_run_count": -1}, "max_run_count", "expected a whole number"),
  ("n", "t", 1, {"max_run_count": 2**63}, "max_run_count", "expected a whole number"),
  ("n", "t", 1, {"one_off": 0}, "one_off", "expected True or False"),
  ("n", "t", 1, {"jitter": "1s"}, "jitter", "expected seconds"),
  ("n", "t", 1, {"catchup": "some"}, "catchup", 'expected "latest" or "none" or "all"'),
  ("n", "t", 1, {"catchup_window": -1}, "catchup_window", "expected seconds"),
  ("n", "t", 1, {"countdown": 3}, "countdown", "cannot be honoured"),
  ("n", "t", 1, {"eta": MOMENT}, "eta", "cannot be honoured"),
  ("n", "t", 1, {"link": add.s(1)}, "link", "cannot be honoured"),
  ("n", "t", 1, {"retries": 3}, "retries", "cannot be honoured"),
  ("n", "t", 1, {"queu": "q"}, "queu", "is not a field of a schedule: is queue meant?"),
  ("n", "t", 1, {"colour": "red"}, "colour", "is not a field of a schedule: one of your own is extra={\"colour\": …}"),
  ("n", "t", 1, {"crontab": {"hour": 2}}, "crontab", "is given as when: seconds"),
  ("n", "t", 1, {"extra": {"crontab": {}}}, "crontab", "is a field of a schedule"),
  ("n", "t", 1, {"extra": {"last_run_at": 1}}, "last_run_at", "is a field of a schedule"),
  ("n", "t", 1, {"extra": {"task": 1}}, "task", "is a field of a schedule"),
  ("n", "t", 1, {"extra": "red"}, "extra", "expected a mapping"),
  ("n", "t", 1, {"kwargs": {"x": "y" * 1_100_000}}, "", "at most 1048576 are allowed"),
])
def test_what_is_broken_is_refused_with_field_and_reason(
  name: Any, task: Any, when: Any, fields: Dict[str, Any], field: str, reason: str) -> None:
  with pytest.raises(InvalidSchedule) as raised:
    build(name, task, when, fields)
  assert (raised.value.field, reason in raised.value.reason) == (field, True), raised.value
  assert str(raised.value) == (f"{field}: {raised.value.reason}" if field else raised.value.reason)


WHOLE = {"name": "n", "task": "t", "enabled": True, "interval": {"every": 1, "period": "minutes"}}


@pytest.mark.parametrize("document, field, reason", [
  ("[1]", "", "is not a JSON object"),
  (b"\xff", "", "is not a JSON object"),
  (7, "", "expected a mapping"),
  ({**WHOLE, "name": None}, "name", "is missing"),
  ({**WHOLE, "name": ""}, "name", "is empty"),
  ({**WHOLE, "task": ""}, "task", "is empty"),
  ({**WHOLE, "enabled": "true"}, "enabled", "expected True or False"),
  ({**WHOLE, "crontab": {"hour": 2}}, "", "has more than one schedule (interval, crontab); keep one"),
  ({**WHOLE, "interval": None}, "", "has no schedule"),
  ({**WHOLE, "interval": 5}, "interval", "expected an object"),
  ({**WHOLE, "interval": {"every": 0, "period": "seconds"}}, "interval.every", "not positive"),
  ({**WHOLE, "interval": {"every": 1, "period": "milliseconds"}}, "interval.every", "too short"),
  ({**WHOLE, "interval": {"every": "5", "period": "minutes"}}, "interval.every", "expected a number"),
  ({**WHOLE, "interval": {"every": 1e300, "period": "days"}}, "interval.every", "1e+300 days is no interval"),
  ({**WHOLE, "interval": {"every": 10**16, "period": "weeks"}}, "interval.every", "the longest is 100 years"),
  ({**WHOLE, "interval": {"every": 5, "period": "minutes", "relative": True, "align": True}}, "interval.align",
   "cannot be joined with relative"),
  ({**WHOLE, "args": {}}, "args", "expected a list"),
  ({**WHOLE, "kwargs": []}, "kwargs", "expected a mapping"),
  ({**WHOLE, "countdown": 5}, "countdown", "cannot be honoured"),
])
def test_a_broken_whole_document(document: Any, field: str, reason: str) -> None:
  with pytest.raises(InvalidSchedule) as raised:
    whole(document)
  assert (raised.value.field, reason in raised.value.reason) == (field, True), raised.value


def test_a_whole_document_stays_as_it_is_written() -> None:
  text = '{"name":"n",  "task":"t","enabled":true,"x":1.50,"schedule":{"every":1,"period":"hours"}}\n'
  assert whole(text) == text.encode()
  assert whole(text.encode()) == text.encode()


STORED = (
  '{"_id": 1.50, "name": "n", "task": "t", "enabled": true,\n'
  ' "schedule": {"every": 5, "period": "minutes", "_cls": "x"}, "options": {"queue": "q", "retry": false},'
  ' "last_run_at": "2026-01-01T00:00:00Z", "total_run_count": 7}')


@pytest.mark.parametrize("field, value, before, after", [
  ("enabled", False, "true", "false"),
  ("queue", "r", '"queue": "q"', '"queue": "r"'),
  ("queue", None, '"queue": "q", ', ""),
  ("when", 90, '"every": 5, "period": "minutes"', '"every": 90, "period": "seconds"'),
  ("when", {"hour": 2}, '"schedule": {"every": 5, "period": "minutes", "_cls": "x"}', '"crontab": {"hour": 2}'),
  ("align", True, '"_cls": "x"', '"_cls": "x", "align": true'),
  ("priority", 3, '"total_run_count": 7', '"total_run_count": 7, "priority": 3'),
  ("label", "Report", '"name": "n"', '"name": "Report"'),
])
def test_an_edit_leaves_every_other_byte(field: str, value: Any, before: str, after: str) -> None:
  draft = Draft("n", STORED.encode())
  setattr(draft, field, value)
  assert draft.on(STORED.encode()).decode() == STORED.replace(before, after)
  assert draft.text.text == STORED.replace(before, after)


def test_an_edits_changes_go_onto_newer_bytes() -> None:
  draft = Draft("n", STORED.encode())
  draft.enabled = False
  draft["mine"] = {"a": 1}
  del draft["_id"]
  newer = STORED.replace("7}", '8, "theirs": 1}').replace('"q"', '"theirs"')
  assert draft.on(newer.encode()).decode() == newer.replace("true", "false").replace('"_id": 1.50, ', "").replace(
    '"theirs": 1}', '"theirs": 1, "mine": {"a": 1}}')


@pytest.mark.parametrize("field, value, named", [
  ("enabled", None, "enabled"), ("task", None, "task"), ("task", "", "task"), ("label", None, "name"),
  ("when", None, "when"), ("when", 0, "interval.every"), ("queue", 7, "queue"), ("timezone", "Mars", "timezone"),
])
def test_a_broken_edit(field: str, value: Any, named: str) -> None:
  draft = Draft("n", STORED.encode())
  with pytest.raises(InvalidSchedule) as raised:
    setattr(draft, field, value)
  assert raised.value.field == named
  assert not draft.is_changed


@pytest.mark.parametrize("attribute, reason", [
  ("enabeld", "is not a field of a schedule: is enabled meant?"), ("queu", "is queue meant?"),
  ("lable", "is label meant?"), ("colour", 'is not a field of a schedule: one of your own is s["colour"]'),
  ("schedule", "is given as when: seconds, a timedelta, a crontab, a line of cron, or a datetime"),
  ("crontab", "is given as when"), ("interval", "is given as when"), ("clocked", "is given as when"),
  ("countdown", "cannot be honoured: a run is sent when it is due"), ("name", "is the schedule's own name, which rename()"),
  ("last_run_at", 'is written by the daemon; if it must be, s["last_run_at"] changes it'), ("text", "is not a field"),
])
def test_an_attribute_that_is_no_field(attribute: str, reason: str) -> None:
  draft = Draft("n", STORED.encode())
  with pytest.raises(InvalidSchedule) as raised:
    setattr(draft, attribute, "7 * * * *")
  assert raised.value.field == attribute and reason in raised.value.reason
  with pytest.raises(InvalidSchedule):
    delattr(draft, attribute)
  assert not draft.is_changed
  with pytest.raises(AttributeError, match="change it by edit"):
    setattr(Document("n", STORED.encode()), attribute, 1)


def test_what_is_changed_in_place_is_not_lost_without_a_word() -> None:
  stored = b'{"task": "t", "crontab": {"hour": 2}, "kwargs": {"x": [1]}, "mine": {"y": 1}, "args": [1]}'
  changes: Dict[str, Callable[[Draft], Any]] = {
    "kwargs": lambda draft: draft.kwargs["x"].append(2), "when": lambda draft: draft.when.update(hour=3),
    "mine": lambda draft: draft["mine"].update(y=2), "args": lambda draft: draft.args.append(2)}
  for field, change in changes.items():
    draft = Draft("n", stored)
    change(draft)
    with pytest.raises(InvalidSchedule, match="was changed in place") as raised:
      draft.on(stored)
    assert raised.value.field == field
  draft = Draft("n", stored)
  draft.args = [*draft.args, 2]
  assert draft.on(stored) == stored.replace(b'"args": [1]', b'"args": [1, 2]')


@pytest.mark.parametrize("field, value, named", [
  ("queue", 7, "queue"), ("enabled", "no", "enabled"), ("countdown", 3, "countdown"), ("kwargs", [], "kwargs"),
  ("x", object(), "x"), ("", 1, "field"),
])
def test_a_broken_edit_by_name(field: str, value: Any, named: str) -> None:
  draft = Draft("n", STORED.encode())
  with pytest.raises(InvalidSchedule) as raised:
    draft[field] = value
  assert raised.value.field == named


def test_a_second_schedule_is_refused_at_the_end() -> None:
  draft = Draft("n", STORED.encode())
  draft["crontab"] = {"hour": 2}
  with pytest.raises(InvalidSchedule, match="more than one schedule"):
    draft.on(STORED.encode())
  del draft["schedule"]
  assert b'"crontab": {"hour": 2}' in draft.on(STORED.encode())


@pytest.mark.parametrize("every", ["1e300", "1e999", "NaN", "99999999999999"])
def test_an_interval_of_a_stored_document_that_is_none(every: str) -> None:
  document = Document("n", b'{"interval": {"every": %s, "period": "days"}}' % every.encode())
  with pytest.raises(InvalidSchedule, match=r"^interval.every: .* is no interval; the longest is 100 years"):
    document.when  # noqa: B018


def test_a_stored_document_cannot_be_assigned_to() -> None:
  document = Document("n", STORED.encode())
  with pytest.raises(AttributeError, match="change it by edit"):
    document.enabled = False
  assert document.last_run_at == datetime.datetime(2026, 1, 1, tzinfo=UTC)
  assert document.total_run_count == 7
  assert document.queue == "q" and "queue" not in document and document.get("queue", 5) == 5
  assert Document("n", b"nonsense").problem is not None and Document("n", b"nonsense").task is None


@pytest.mark.parametrize("written", [
  {"__type__": "datetime", "year": 2026, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0},
  {"__type__": "datetime", "year": 2026, "month": 1, "day": 1, "hour": 1, "timezone": "Europe/Berlin"},
  {"$date": "2026-01-01T00:00:00Z"}, {"$date": 1767225600000}, {"$date": {"$numberLong": "1767225600000"}},
  "2026-01-01T00:00:00Z", "2026-01-01 01:00:00.000+01:00", "2026-01-01", 1767225600, 1767225600.0,
])
def test_dates_in_all_forms(written: Any) -> None:
  document = Document("n", json.dumps({"last_run_at": written}).encode())
  assert document.last_run_at == datetime.datetime(2026, 1, 1, tzinfo=UTC)


def test_bookkeeping_is_kept() -> None:
  new = build("n", "t", 60, {})
  assert kept(STORED.encode(), new) == new[:-1] + b', "last_run_at": "2026-01-01T00:00:00Z", "total_run_count": 7}'
  named = new[:-1] + b', "total_run_count": 0}'
  assert kept(STORED.encode(), named) == named[:-1] + b', "last_run_at": "2026-01-01T00:00:00Z"}'
  assert kept(b"nonsense", new) == new


@pytest.mark.parametrize("digits", [400, 5_000])
def test_a_number_that_is_too_large(digits: int) -> None:
  number: Any = 10**digits
  with pytest.raises(InvalidSchedule, match="interval.every"):
    made(when=number)
  for field in ("time_limit", "priority", "max_run_count", "delivery_mode", "catchup"):
    with pytest.raises(InvalidSchedule, match=field):
      made(**{field: number})
  for text in ("1e400", "1" + "0" * 400, "1" + "0" * 5_000):
    with pytest.raises(InvalidSchedule):
      whole(f'{{"name": "n", "task": "t", "enabled": true, "interval": {{"every": {text}}}}}')


@pytest.mark.parametrize("depth", [200, 900, 5_000])
@pytest.mark.parametrize("opens, closes", [("[", "]"), ('{"a": ', "}")])
def test_a_field_that_is_nested_deeply(depth: int, opens: str, closes: str) -> None:
  """It harms no other field, and is no error of Python's."""
  nested = opens * depth + ("1" if closes == "}" else "") + closes * depth
  for field in ("args", "last_run_at", "mine", "jitter"):
    text = f'{{"name": "n", "task": "t", "enabled": true, "interval": {{"every": 5}}, "{field}": {nested}}}'
    document = Document("n", text.encode())
    assert document.task == "t"
    for read in (lambda: document[field], lambda: getattr(document, field, None), lambda: whole(text)):
      with contextlib.suppress(InvalidSchedule):
        read()
    draft = Draft("n", text.encode())
    draft.task = "other"
    assert draft.finished() == text.replace('"t"', '"other"').encode()
