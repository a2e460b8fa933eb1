"""Changing schedules: with mistakes, with others who change them too, and back again."""

from __future__ import annotations

import json
from typing import Any

from browser import Browser, Keys
from stage import crontab, expect, identity, interval
from steps import World, step

CONFLICT = r"the server responded with a status of 409"


def value(world: World, name: str, *path: str) -> Any:
  """A field of the document that the store has."""
  document = world.stage.document(name)
  for key in path:
    document = (document or {}).get(key)
  return document


@step("a mistake is shown at its field and is not saved; mended, it is, and the daemon's answer comes without a reload")
def mistake(world: World) -> None:
  browser = world.browser
  before = json.dumps(
    {
      "name": "edit-report",
      **crontab("shop.report", "0", "6", timezone="Europe/Berlin", args=["daily"])
    }, indent=1)
  world.stage.put("edit-report", before)
  before = world.stage.raw("edit-report")
  world.schedule("edit-report")
  browser.is_live()
  browser.mark()
  browser.press("Edit")
  browser.fill("Minute", "61")
  complaint = browser.wait(lambda: browser.complaint("Minute"), "the field of the minute has an error")
  expect("61" in complaint or "59" in complaint, f"the error says what is wrong: {complaint!r}")
  expect(browser.field("Minute").get_attribute("aria-invalid") == "true", "the field is marked as invalid")
  expect(not browser.complaint("Hour"), "no other field has an error")
  browser.press("Save")
  browser.settle(1)
  expect("/edit" in browser.driver.current_url, "the editor stays open")
  expect(world.stage.raw("edit-report") == before, "nothing was stored")
  expect(browser.focus()["text"] == "Minute", f"the focus goes to the field: {browser.focus()}")
  browser.fill("Minute", "30")
  browser.wait(lambda: not browser.complaint("Minute"), "the error goes away")
  browser.see(".check-body", r"What changes.*crontab.*30")
  browser.press("Save")
  browser.see(".toast", r"Saved edit-report\..*accepted it.*next run")
  browser.see("h1", "^edit-report$")
  browser.see("[aria-labelledby=receipt]", "Accepted")
  browser.see("[aria-labelledby=next]", "06:30:00")
  browser.expect_no_reload()
  after = world.stage.raw("edit-report")
  expect(after == before.replace('"minute": "0"', '"minute": "30"'), f"only the minute has changed: {after}")


@step("text that is no JSON is said to be none, and Save stores nothing")
def no_json(world: World) -> None:
  browser = world.browser
  world.stage.put("edit-text", interval("shop.report"))
  before = world.stage.raw("edit-text")
  world.edit("edit-text")
  browser.js(
    "const a = document.getElementById('document'); a.focus(); a.setSelectionRange(a.value.length, a.value.length)")
  browser.keys(Keys.BACKSPACE)
  browser.see(".check-state", "cannot be used")
  browser.see(".view-editor", "not JSON")
  browser.press("Save")
  browser.settle(0.5)
  expect(world.stage.raw("edit-text") == before, "nothing was stored")
  browser.press("Cancel")
  browser.see("dialog", "Leave without saving")
  browser.press("Leave")
  browser.see("h1", "^edit-text$")


@step("runs arrive by themselves, in the list and on the schedule's page")
def live(world: World) -> None:
  browser = world.browser
  world.list("?search=live-each-second")
  browser.is_live()
  browser.mark()
  world.stage.put("live-each-second", interval("shop.tick", 1, "seconds"))
  browser.see(".title-row .changed:not(.is-away)", "refresh")
  browser.press("refresh", ".title-row .changed", is_part=True)
  browser.wait(lambda: browser.names() == ["live-each-second"], "the new schedule is listed")
  count = browser.cell("live-each-second", "c-count")
  browser.wait(lambda: browser.cell("live-each-second", "c-count") != count, "its number of runs grows")
  expect("ago" in browser.cell("live-each-second", "c-last") or "now" in browser.cell("live-each-second", "c-last"),
         "its last run is told")
  browser.press("live-each-second", "a.row-link")
  browser.see("#history, [aria-labelledby=history]", "ms")
  runs = len(browser.all("[aria-labelledby=history] tbody tr"))
  browser.wait(lambda: len(browser.all("[aria-labelledby=history] tbody tr")) > runs,
               "another run arrives in its table")
  browser.expect_no_reload()
  world.stage.put("live-each-second", interval("shop.tick", 1, "seconds", enabled=False))
  browser.see(".badge", "Disabled")
  browser.expect_no_reload()


@step("a run by hand is sent at once, and the page says so")
def run_now(world: World) -> None:
  browser = world.browser
  world.stage.put("run-by-hand", interval("shop.report", 30, "days", options={"queue": "by-hand"}))
  world.schedule("run-by-hand")
  browser.is_live()
  browser.mark()
  browser.press("Run now")
  browser.see("dialog", "run-by-hand is sent to its queue")
  expect(world.stage.waiting("by-hand") == 0, "the question comes before the run")
  browser.press("Run now", "dialog footer button")
  browser.see(".toast", "run-by-hand")
  browser.wait(lambda: world.stage.waiting("by-hand") == 1, "one message is on its queue")
  browser.see("[aria-labelledby=history]", "hand|request")
  browser.expect_no_reload()
  expect(world.stage.waiting("by-hand") == 1, "there is one message still")


@step("fifty are selected with two clicks and disabled at once, and come back with undo")
def fifty(world: World) -> None:
  browser = world.browser
  names = [f"fifty-{number:02}" for number in range(60)]
  world.stage.put_all((name, interval("shop.many", 5)) for name in names)
  world.list("?search=fifty-")
  browser.wait(lambda: browser.names() == names, "all sixty are listed")
  boxes = browser.all("tbody .c-box input")
  boxes[0].click()
  browser.js("arguments[0].scrollIntoView({ block: 'center' })", boxes[49])
  browser.js("arguments[0].dispatchEvent(new MouseEvent('click', { shiftKey: true, bubbles: true, cancelable: true }))",
             boxes[49])
  browser.see("#bulk", "50 selected")
  browser.press("Disable", "#bulk button")
  browser.see(".toast", "Disabled 50 schedules")
  resting = lambda: [name for name in names if value(world, name, "enabled") is False]  # noqa: E731
  expect(resting() == names[:50], f"these fifty rest: {len(resting())}")
  browser.wait(lambda: "Disabled" in browser.cell("fifty-49", "c-state"), "the rows say so")
  expect("Enabled" in browser.cell("fifty-50", "c-state"), "the row beside them has not changed")
  browser.press("Undo", ".toast button")
  browser.see(".toast", "Enabled 50 schedules again")
  expect(not resting(), "none rests any more")
  browser.wait(lambda: "Enabled" in browser.cell("fifty-00", "c-state"), "the rows say that too")


def race(world: World, name: str, mine: str, label: str, theirs: Any) -> Browser:
  """Types into a field while somebody else stores another document."""
  browser = world.browser
  world.edit(name)
  browser.fill(label, mine)
  browser.see(".check-state", "It can be used")
  world.stage.put(name, theirs)
  browser.press("Save")
  browser.see("dialog", "Somebody changed it meanwhile")
  return browser


@step("who loses a race to another edit is asked, and nothing is overwritten", [CONFLICT])
def lost_race(world: World) -> None:
  world.stage.put("race-same", interval("shop.report", 5, "minutes", queue="mine"))
  browser = race(world, "race-same", "6", "Every", interval("shop.report", 7, "minutes", queue="mine"))
  theirs = world.stage.raw("race-same")
  browser.see("dialog", "interval.*5.*7.*6")
  expect(world.stage.document("race-same")["interval"]["every"] == 7, "their text is in the store")
  browser.press("Go on editing")
  expect(world.stage.raw("race-same") == theirs, "it is there still")
  expect(browser.field("Every").get_attribute("value") == "6", "mine is in the field still")
  browser.press("Save")
  browser.see("dialog", "Somebody changed it meanwhile")
  browser.keys(Keys.ESCAPE)
  browser.wait(lambda: not browser.all("dialog"), "Esc closes the question")
  expect(world.stage.raw("race-same") == theirs, "and stores nothing")
  browser.press("Save")
  browser.press("Take theirs")
  browser.wait(lambda: browser.field("Every").get_attribute("value") == "7", "their value is in the field")
  expect(world.stage.raw("race-same") == theirs, "taking theirs stores nothing")


@step("changes of different fields are both kept when somebody asks for it", [CONFLICT])
def joined(world: World) -> None:
  world.stage.put("race-other", interval("shop.report", 5, "minutes"))
  browser = race(world, "race-other", "6", "Every", interval("shop.other", 5, "minutes"))
  browser.press("Keep both")
  browser.see(".toast", "Saved race-other")
  after = world.stage.document("race-other")
  expect(after["task"] == "shop.other" and after["interval"]["every"] == 6, f"both changes are there: {after}")


@step("a schedule that runs each second is edited, disabled and deleted without a false alarm", [CONFLICT])
def busy(world: World) -> None:
  browser = world.browser
  world.stage.put("edit-busy", interval("shop.tick", 1, "seconds"))
  world.schedule("edit-busy")
  browser.see("[aria-labelledby=history] tbody", "ms")
  browser.press("Edit")
  browser.fill("args", '["new"]')
  browser.see(".check-state", "It can be used")
  runs = value(world, "edit-busy", "total_run_count") or 0
  browser.wait(lambda: (value(world, "edit-busy", "total_run_count") or 0) > runs, "the daemon writes meanwhile")
  browser.press("Save")
  browser.see(".toast", "Saved edit-busy")
  expect(value(world, "edit-busy", "args") == ["new"], "the change is stored")
  expect(value(world, "edit-busy", "total_run_count") > runs, "what the daemon has written stays")
  browser.press("Delete")
  browser.settle(2.2)
  browser.press("Delete", "dialog footer button")
  browser.see(".toast", "Deleted edit-busy")
  expect(world.stage.document("edit-busy") is None, "the document is gone")


@step("several are run and deleted at once, each after a question", is_long=True)
def bulk(world: World) -> None:
  browser = world.browser
  names = [f"bulk-{letter}" for letter in "abc"]
  world.stage.put_all((name, interval("shop.report", 9, options={"queue": "bulk"})) for name in names)
  world.list("?search=bulk-")
  browser.wait(lambda: browser.names() == names, "all are listed")
  browser.is_live()
  browser.find("input", "Select all on this page").click()
  browser.see("#bulk", "3 selected")
  browser.press("Run now", "#bulk button")
  browser.see("dialog", "3 schedules")
  expect(world.stage.waiting("bulk") == 0, "the question comes first")
  browser.press("Run 3 schedules", "dialog footer button")
  browser.wait(lambda: world.stage.waiting("bulk") == 3, "three messages are on the queue")
  browser.wait(lambda: not browser.all("dialog"), "the question is gone")
  if not browser.text("#bulk").strip():
    browser.find("input", "Select all on this page").click()
  browser.press("Delete", "#bulk button")
  browser.see("dialog", "3 schedules")
  browser.press("Cancel", "dialog footer button")
  expect(all(world.stage.document(name) for name in names), "Cancel deletes nothing")
  browser.press("Delete", "#bulk button")
  browser.press("Delete 3 schedules", "dialog footer button")
  browser.see(".toast", "Deleted 3 schedules")
  expect(not any(world.stage.document(name) for name in names), "they are gone")
  browser.wait(
    lambda: not browser.names() or "gone" in browser.row(names[0]).lower() or "deleted" in browser.row(names[0]).lower(
    ), "the list says so")


@step("the last change is undone by a key, and the text is as it was")
def undo(world: World) -> None:
  browser = world.browser
  before = ('{"name":"undo-me", "task":"shop.report",  "enabled":true, "note": "kept", '
            '"interval":{"every":3,"period":"hours"}}')
  world.stage.put("undo-me", before)
  before = world.stage.raw("undo-me")
  world.edit("undo-me")
  browser.fill("Every", "4")
  browser.see(".check-state", "It can be used")
  browser.chord(Keys.CONTROL, "s")
  browser.see(".toast", "Saved undo-me")
  expect(value(world, "undo-me", "interval", "every") == 4, "the change is stored")
  browser.see("h1", "^undo-me$")
  browser.keys("u")
  browser.see(".toast", "Took the change of undo-me back")
  browser.wait(lambda: value(world, "undo-me", "interval", "every") == 3, "the change is taken back")
  after = world.stage.raw("undo-me")
  expect(after == before or "last_run_at" in after, f"the text is as it was: {after}")


@step("an undo does not overwrite what somebody else has changed since", [CONFLICT])
def late_undo(world: World) -> None:
  browser = world.browser
  world.stage.put("undo-late", interval("shop.report", 3))
  world.edit("undo-late")
  browser.fill("Every", "4")
  browser.see(".check-state", "It can be used")
  browser.press("Save")
  browser.see(".toast", "Saved undo-late")
  world.stage.put("undo-late", interval("shop.report", 5))
  theirs = world.stage.raw("undo-late")
  browser.press("Undo", ".toast button")
  browser.see(".toast.error, dialog", "changed|meanwhile|newer")
  expect(world.stage.raw("undo-late") == theirs, "their text is in the store")


@step("a rename leads to the new page, and a name that is taken is refused", [CONFLICT])
def rename(world: World) -> None:
  browser = world.browser
  world.stage.put("rename-old", interval("shop.report", 9))
  world.stage.put("rename-taken", interval("shop.report", 9))
  world.schedule("rename-old")
  browser.press("Rename")
  browser.fill("New name", "rename-taken")
  browser.press("Rename", "dialog footer button")
  browser.see("dialog .field-error", "exist|already|taken|is there")
  browser.fill("New name", "rename-new")
  browser.keys(Keys.ENTER)
  browser.see("h1", "^rename-new$")
  expect(world.stage.document("rename-old") is None, "the old name is gone")
  expect(world.stage.document("rename-new")["task"] == "shop.report", "the document is under the new one")
  expect(browser.driver.current_url.endswith(identity("rename-new")), "the address is that of the new name")


@step("a deletion is asked about first, and can be undone")
def delete(world: World) -> None:
  browser = world.browser
  world.stage.put("delete-me", interval("shop.report", 9))
  world.schedule("delete-me")
  browser.press("Delete")
  browser.see("dialog", "delete-me.*Cancel")
  expect(browser.focus()["text"] == "Cancel", "the harmless answer has the focus")
  browser.press("Cancel")
  browser.wait(lambda: not browser.all("dialog"), "the question is gone")
  expect(world.stage.document("delete-me"), "Cancel deletes nothing")
  expect(browser.focus()["text"] == "Delete", f"the focus is back on the button: {browser.focus()}")
  browser.press("Delete")
  browser.press("Delete", "dialog footer button")
  browser.see(".toast", "Deleted delete-me")
  browser.see("h1", "^Schedules$")
  expect(world.stage.document("delete-me") is None, "the document is gone")
  browser.press("Undo", ".toast button")
  browser.see(".toast", "Made delete-me again")
  expect(world.stage.document("delete-me"), "the document is back")


@step("what somebody else has changed while the question was open is not deleted", [CONFLICT], is_long=True)
def late_delete(world: World) -> None:
  browser = world.browser
  world.stage.put("delete-late", interval("shop.report", 9))
  world.schedule("delete-late")
  browser.press("Delete")
  browser.see("dialog", "delete-late")
  world.stage.put("delete-late", interval("shop.report", 10))
  browser.press("Delete", "dialog footer button")
  browser.see(".toast", "changed|meanwhile")
  expect(value(world, "delete-late", "interval", "every") == 10, "the document is there, as they left it")


@step("what is typed outlasts the way back only with an answer to a question")
def leaving(world: World) -> None:
  browser = world.browser
  world.stage.put("leave-me", interval("shop.report", 3))
  world.schedule("leave-me")
  browser.press("Edit")
  browser.fill("Every", "4")
  browser.driver.back()
  browser.see("dialog", "Leave without saving")
  browser.press("Cancel", "dialog footer button")
  browser.wait(lambda: not browser.all("dialog"), "the question is gone")
  browser.see("h1", "^Edit leave-me$")
  expect(browser.field("Every").get_attribute("value") == "4", "what was typed is there still")
  browser.press("Runs", "nav a")
  browser.see("dialog", "Leave without saving")
  browser.press("Leave")
  browser.see("h1", "^Runs$")
  expect(value(world, "leave-me", "interval", "every") == 3, "nothing was stored")


@step("a new schedule is made in the form, and the daemon takes it", [CONFLICT])
def create(world: World) -> None:
  browser = world.browser
  world.stage.put("create-taken", interval("shop.report"))
  world.list()
  browser.press("New schedule")
  browser.see("h1", "^New schedule$")
  browser.fill("Name", "create-taken")
  browser.fill("Task", "shop.new")
  browser.see(".check-body", "schedule of this name already")
  browser.press("Create")
  browser.settle(0.5)
  expect(value(world, "create-taken", "task") == "shop.report", "the one of this name stays")
  browser.fill("Name", "create-raced")
  browser.fill("Task", "shop.new")
  browser.all("input[type=radio][value=crontab]")[0].click()
  browser.fill("Minute", "*/15")
  browser.fill("args", '["a", 1]')
  browser.see(".check-state", "It can be used")
  world.stage.put("create-raced", interval("shop.report"))
  browser.press("Create")
  browser.wait(
    lambda: "already" in browser.complaint("Name") or browser.has(".remarks li", "of this name already", True),
    "a name that is taken is refused")
  expect(value(world, "create-raced", "task") == "shop.report", "what was stored meanwhile stays")
  browser.fill("Name", "made-here")
  browser.press("Create")
  browser.see(".toast", r"Created made-here\..*accepted it")
  browser.see("h1", "^made-here$")
  after = world.stage.document("made-here")
  expect(after["task"] == "shop.new" and after["crontab"]["minute"] == "*/15" and after["args"] == ["a", 1],
         f"it is as it was typed: {after}")
  expect("interval" not in after, "it has one schedule")
  browser.see("[aria-labelledby=next]", "in ")
