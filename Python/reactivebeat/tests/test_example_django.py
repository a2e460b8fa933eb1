"""Examples/django: its schedules of the code and those of an administrator run, by the real commands, and the page is
used as browsers do."""

import html
import os
import pathlib
import re
import sys
from typing import Any, Dict, Iterator

import pytest
from beat_stage import Stage
from celery import _state
from conftest import PROJECT, Server
from guard_stage import wait_for

pytest.importorskip("django", reason="no Django: scripts/setup --test installs it")

EXAMPLE = PROJECT / "Examples" / "django"


class Page:
  """The page, and the processes behind it."""

  def __init__(self, stage: Stage) -> None:
    from schedules.beat import beat
    self.stage, self.beat = stage, beat()

  def editor(self, name: str = "admin", **options: Any) -> Any:
    """A browser in which somebody has logged in."""
    from django.contrib.auth.models import User
    from django.test import Client
    client = Client(**options)
    client.force_login(User.objects.get(username=name))
    return client

  def runs(self, task: str) -> int:
    """How often the worker has executed a task."""
    return len(re.findall(rf"Task {re.escape(task)}\[[0-9a-f-]+\] succeeded", self.stage.processes[1].text))

  def wait_for_runs(self, task: str, count: int) -> None:
    wait_for(lambda: self.runs(task) >= count, lambda: "\n".join(process.text for process in self.stage.processes))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, beat_watch: pathlib.Path) -> Iterator[Page]:
  folder = tmp_path_factory.mktemp("django")
  server = Server(folder)
  stage = Stage(server, folder, beat_watch, "5.7")
  stage.application = "shop"
  before = _state._tls.current_app
  with pytest.MonkeyPatch.context() as patch:
    stage.environment.update(
      CELERY_BROKER_URL=server.url(0), CELERY_REDIS_SCHEDULER_URL=server.url(1),
      DJANGO_DATABASE=str(folder / "db.sqlite3"),
      PYTHONPATH=os.pathsep.join([str(EXAMPLE), stage.environment["PYTHONPATH"]]))
    try:
      beat = stage.beat()
      stage.start("worker", "-P", "solo", "-l", "info", "--without-gossip", "--without-mingle")
      for name in ("CELERY_BROKER_URL", "CELERY_REDIS_SCHEDULER_URL", "DJANGO_DATABASE"):
        patch.setenv(name, stage.environment[name])
      patch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
      patch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
      patch.setattr(sys, "path", [str(EXAMPLE), *sys.path])
      prepare()
      beat.wait_for("notice ready")
      yield Page(stage)
    finally:
      stage.end()
      server.end()
      _state._tls.current_app = before


def prepare() -> None:
  """What `manage.py migrate` and `createsuperuser` do, and Django's test runner."""
  import django
  from django.core.management import call_command
  from django.test.utils import setup_test_environment
  django.setup()
  setup_test_environment()
  call_command("migrate", verbosity=0)
  from django.contrib.auth.models import User
  User.objects.create_superuser("admin", password="secret")
  User.objects.create_user("customer", password="secret")


def posted(form: Any, **values: Any) -> Dict[str, Any]:
  """What a browser sends when somebody changes fields of a form that was shown. None: not ticked."""
  text, sent = form.content.decode(), {}
  for tag in re.findall(r"<input [^>]*>", text):
    found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
    if "name" in found and (found["type"] != "checkbox" or " checked" in tag):
      sent[found["name"]] = html.unescape(found.get("value", "on" if found["type"] == "checkbox" else ""))
  sent.update((name, html.unescape(value.strip())) for name, value in re.findall(
    r'<textarea name="([\w-]+)"[^>]*>(.*?)</textarea>', text, re.DOTALL))
  for name, options in re.findall(r'<select name="([\w-]+)".*?>(.*?)</select>', text, re.DOTALL):
    chosen = re.search(r'<option value="([^"]*)" selected', options)
    if chosen is not None:
      sent[name] = html.unescape(chosen[1])
  sent.update(values)
  return {name: value for name, value in sent.items() if value is not None}


def text_of(response: Any) -> str:
  """What a person reads."""
  return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def row(editor: Any, name: str) -> str:
  """What the list says of a schedule."""
  lines = re.findall(r"<tr>(?:(?!<tr>).)*?</tr>", editor.get("/schedules/").content.decode(), re.DOTALL)
  found = [line for line in lines if f'name="name" value="{html.escape(name)}"' in line]
  return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found[0])).split()) if found else ""


def add(editor: Any, **values: Any) -> Any:
  return editor.post("/schedules/add/", posted(editor.get("/schedules/add/"), **values), follow=True)


def act(editor: Any, name: str, action: str) -> str:
  return text_of(editor.post("/schedules/act/", {"name": name, "action": action}, follow=True))


def test_only_staff_and_only_from_the_page(page: Page) -> None:
  from django.test import Client
  for client in (Client(), page.editor("customer")):
    for path in ("", "add/", "change/?name=heartbeat", "act/"):
      assert client.get("/schedules/" + path).headers["Location"].startswith("/admin/login/?next=/schedules/")
  strict = page.editor(enforce_csrf_checks=True)
  assert strict.post("/schedules/act/", {"name": "heartbeat", "action": "delete"}).status_code == 403
  assert page.editor().get("/schedules/act/").status_code == 405
  assert "heartbeat" in page.beat


def test_an_administrator_adds_one_and_it_runs(page: Page) -> None:
  editor = page.editor()
  response = add(editor, name="hourly/<b>", task="shop.tasks.report", when="1", kwargs='{"title": "Stock"}')
  assert "hourly/<b> is in force: it runs next at" in text_of(response) and "<b>" not in response.content.decode()
  page.wait_for_runs("shop.tasks.report", 1)
  assert page.beat.get("hourly/<b>").kwargs == {"title": "Stock"}
  assert "shop.tasks.report every second enabled" in row(editor, "hourly/<b>")
  assert " page " in row(editor, "hourly/<b>")
  again = add(editor, name="hourly/<b>", task="shop.tasks.heartbeat", when="60")
  assert again.context["form"].errors["name"] == [
    "hourly/<b> is there already: nothing was stored; choose another name, or change that one"]
  assert page.beat.get("hourly/<b>").task == "shop.tasks.report"
  assert "hourly/<b> is deleted" in act(editor, "hourly/<b>", "delete")
  assert "hourly/<b>" not in page.beat and row(editor, "hourly/<b>") == ""


@pytest.mark.parametrize("field, values, words", [
  ("jitter", {"when": "10", "jitter": "60"}, "must be shorter than the interval"),
  ("when", {"when": "0"}, "0.0 seconds is not positive, so it would run without a pause; use a number above zero"),
  ("when", {"when": "0 0 30 2 *"},
   "no day matches day_of_month, month_of_year, day_of_week and day_of_year together, so it would never run"),
  ("when", {"when": "soon"}, "'soon' has 1 fields, and a line of cron has five: minute, hour,"),
  ("timezone", {"when": "0 2 * * *", "timezone": "Mars/Base"}, '"Mars/Base" is no time zone of this system'),
  ("kwargs", {"when": "10", "kwargs": "[1]"}, None),
  ("task", {"when": "10", "task": "os.system"}, None),
  ("name", {"when": "10", "name": "x" * 2000}, None),
])
def test_a_broken_one_is_refused_at_the_field(page: Page, field: str, values: Any, words: Any) -> None:
  editor, before = page.editor(), page.stage.store.dbsize()
  response = add(editor, **{"name": "broken", "task": "shop.tasks.heartbeat", **values})
  errors = response.context["form"].errors
  assert list(errors) == [field]
  assert words is None or errors[field][0].startswith(words), errors
  assert errors[field][0] in text_of(response)
  assert "broken" not in page.beat and page.stage.store.dbsize() == before
  # What was typed is still there.
  assert posted(response)["when"] == values["when"]


def test_a_broken_edit_leaves_what_stands(page: Page) -> None:
  editor = page.editor()
  add(editor, name="poll", task="shop.tasks.heartbeat", when="3600")
  before = page.beat.get("poll").data
  shown = editor.get("/schedules/change/?name=poll")
  response = editor.post("/schedules/change/?name=poll", posted(shown, jitter="7200"))
  assert response.context["form"].errors == {"jitter": ["must be shorter than the interval"]}
  assert page.beat.get("poll").data == before
  # One that another client has broken is shown with the daemon's reason, and mended here.
  page.stage.store.set("tasks:meta:poll", before.replace(b'"hours"', b'"ours"'))
  assert 'rejected: interval.period "ours": expected one of weeks, days, hours,' in row(editor, "poll")
  shown = editor.get("/schedules/change/?name=poll")
  assert posted(shown)["when"] == ""
  mended = editor.post("/schedules/change/?name=poll", posted(shown, when="60"), follow=True)
  assert "poll is in force" in text_of(mended)
  act(editor, "poll", "delete")
  assert editor.get("/schedules/change/?name=poll").status_code == 404
  assert "there is no schedule poll" in act(editor, "poll", "enable")


def test_disabled_it_rests_and_runs_on_demand(page: Page) -> None:
  editor = page.editor()
  add(editor, name="pulse", task="shop.tasks.heartbeat", when="0.5")
  add(editor, name="often", task="shop.tasks.report", when="0.5", kwargs='{"title": "Stock"}')
  wait_for(lambda: page.beat["often"].history(), lambda: page.stage.processes[0].text)
  assert "often is in force: it does not run" in act(editor, "often", "disable")
  assert " disabled " in row(editor, "often") and " – page" in row(editor, "often")
  runs, beats = page.beat["often"].history(), page.beat["pulse"].history(100)
  wait_for(lambda: len(page.beat["pulse"].history(100)) >= len(beats) + 3, lambda: page.stage.processes[0].text)
  assert page.beat["often"].history() == runs
  assert "often was sent, as the task" in act(editor, "often", "run")
  assert page.beat["often"].history()[-1].why == "manual"
  assert "often is in force: it runs next at" in act(editor, "often", "enable")
  for name in ("pulse", "often"):
    act(editor, name, "delete")


def test_two_editors_at_once_lose_nothing(page: Page) -> None:
  """The schedule runs meanwhile, so the daemon writes into the document, too."""
  ann, bob = page.editor(), page.editor()
  path = "/schedules/change/?name=shared"
  add(ann, name="shared", task="shop.tasks.report", when="0.2", kwargs='{"title": "Stock"}')
  anns, bobs = ann.get(path), bob.get(path)
  wait_for(lambda: page.beat.get("shared").total_run_count > 1, lambda: page.stage.processes[0].text)
  # Different fields: both stay.
  ann.post(path, posted(anns, kwargs='{"title": "Sales"}'))
  assert "shared is in force" in text_of(bob.post(path, posted(bobs, when="0 2 * * *", queue="reports"), follow=True))
  document = page.beat.get("shared")
  assert (document.kwargs, document.queue) == ({"title": "Sales"}, "reports")
  assert document.when == {"minute": "0", "hour": "2", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}
  assert document.total_run_count > 1
  # The same field: the slower one is told, and decides.
  anns, bobs = ann.get(path), bob.get(path)
  ann.post(path, posted(anns, queue="fast", enabled=None))
  refused = bob.post(path, posted(bobs, queue="slow", jitter="5"))
  assert refused.context["form"].errors == {
    "queue": ["Somebody else has changed this meanwhile, to 'fast': save again to have yours, or take theirs."]}
  assert (page.beat.get("shared").queue, page.beat.get("shared").jitter) == ("fast", None)
  assert "shared is in force" in text_of(bob.post(path, posted(refused), follow=True))
  document = page.beat.get("shared")
  assert (document.queue, document.jitter, document.enabled) == ("slow", 5, False)
  # Two who want the same are of one mind.
  anns, bobs = ann.get(path), bob.get(path)
  for editor, form in ((ann, anns), (bob, bobs)):
    assert "shared is in force" in text_of(editor.post(path, posted(form, enabled="on", jitter=""), follow=True))
  act(ann, "shared", "delete")
  assert bob.post(path, posted(bobs, queue="late")).status_code == 404


def test_the_look_and_the_store_are_one_step(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
  """Somebody is faster after the form has looked at the document, and before it is stored."""
  from schedules.forms import ScheduleForm
  editor, path, change = page.editor(), "/schedules/change/?name=race", ScheduleForm.change
  add(editor, name="race", task="shop.tasks.report", when="3600")
  text, others = page.beat.get("race").data, [b'"colour": 1, ']

  def overtaken(form: Any, draft: Any) -> None:
    change(form, draft)
    if others:
      page.stage.store.set("tasks:meta:race", text.replace(b'"enabled"', others.pop() + b'"enabled"'))

  monkeypatch.setattr(ScheduleForm, "change", overtaken)
  editor.post(path, posted(editor.get(path), queue="slow"))
  assert (page.beat.get("race").queue, page.beat.get("race")["colour"]) == ("slow", 1)
  others.append(b'"queue": "fast", ')
  refused = editor.post(path, posted(editor.get(path), queue="slower"))
  assert "to 'fast'" in refused.context["form"].errors["queue"][0]
  assert page.beat.get("race").queue == "fast"
  act(editor, "race", "delete")


def test_what_the_form_does_not_show_stays(page: Page) -> None:
  editor = page.editor()
  text = (b'{"name": "once", "task": "other.task", "enabled":true, "mine": [1.50],\n'
          b' "crontab": {"minute": 0, "hour": [1, 2], "day_of_year": 60}}')
  page.stage.store.set("tasks:meta:once", text)
  shown = editor.get("/schedules/change/?name=once")
  assert "day_of_year" in posted(shown)["initial-when"]
  editor.post("/schedules/change/?name=once", posted(shown, enabled=None))
  assert page.stage.store.get("tasks:meta:once") == text.replace(b"true", b"false")
  editor.post("/schedules/change/?name=once", posted(shown, enabled=None))
  assert page.stage.store.get("tasks:meta:once") == text.replace(b"true", b"false")
  act(editor, "once", "delete")


def test_what_other_clients_have_stored_harms_only_itself(page: Page) -> None:
  editor, store = page.editor(), page.stage.store
  odd = {b"tasks:meta:\xff\n": b"{", b"tasks:meta:huge": b'{"interval": {"every": 1e300, "period": "days"}}',
         b"tasks:meta:bytes": b'{"name": "\xff", "task": "\xff", "enabled": true, "interval": {"every": 60}}',
         b"tasks:meta:list": b"[1]"}
  for key, value in odd.items():
    store.set(key, value)
  store.rpush("tasks:meta:other", "x")
  assert editor.get("/schedules/").status_code == 200 and " enabled " in row(editor, "heartbeat")
  for name in ("huge", "bytes", "list"):
    assert " rejected: " in row(editor, name)
    assert editor.get("/schedules/change/?name=" + name, follow=True).status_code == 200
    assert f"{name} is deleted" in act(editor, name, "delete")
  assert "holds no text" in text_of(editor.get("/schedules/change/?name=other", follow=True))
  store.delete("tasks:meta:other", *odd)


def test_one_of_the_code(page: Page) -> None:
  editor = page.editor()
  assert "shop.tasks.report crontab 30 2 * * * (m/h/dom/mon/dow) Europe/Berlin enabled never (0)" in row(
    editor, "nightly-report")
  assert row(editor, "nightly-report").split("code of ")[1].startswith("shop Disable")
  shown = editor.get("/schedules/change/?name=nightly-report")
  assert "stands in the code of shop. What you change here stays" in text_of(shown)
  editor.post("/schedules/change/?name=nightly-report", posted(shown, when="0 4 * * *"))
  act(editor, "nightly-report", "disable")
  assert "code of shop , changed here: schedule, enabled" in row(editor, "nightly-report")
  assert any("schedule nightly-report: was changed by hand, and stays so: enabled false" in line
             for line in page.stage.publish())
  assert "disabled" in row(editor, "nightly-report")
  # The code's other entry has been running all the time, in Europe/Berlin's time on the page.
  wait_for(lambda: page.beat["heartbeat"].history(), lambda: page.stage.processes[0].text)
  page.wait_for_runs("shop.tasks.heartbeat", 1)


def test_what_only_the_receipt_tells(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
  """No daemon runs, and then one with options that the check cannot know."""
  editor = page.editor()
  assert page.stage.processes[0].end() == 0
  monkeypatch.setattr("schedules.views.PATIENCE", 0.2)
  told = text_of(add(editor, name="late", task="shop.tasks.heartbeat", when="3600"))
  assert "late is saved, and no daemon has said within 0.2 s what becomes of it: none fires; start beat-watch" in told
  assert "late was not fired: no daemon answered within 0.2 s" in act(editor, "late", "run")
  monkeypatch.undo()
  page.stage.beat(BEAT_WATCH_SHORTEST_INTERVAL="30").wait_for("notice ready")
  told = text_of(add(editor, name="fast", task="shop.tasks.heartbeat", when="10"))
  assert "It is saved, and set aside: fast: interval.every 10: 10 seconds is too short; the shortest" in told


def test_without_redis(page: Page) -> None:
  """The last one: it ends the server."""
  editor = page.editor()
  shown = editor.get("/schedules/add/")
  page.stage.server.end()
  assert editor.get("/schedules/").status_code == 503
  assert "redis.sock" in act(editor, "heartbeat", "run")
  response = editor.post("/schedules/add/", posted(shown, name="x", task="shop.tasks.heartbeat", when="10"))
  assert "redis.sock" in response.context["form"].non_field_errors()[0]
