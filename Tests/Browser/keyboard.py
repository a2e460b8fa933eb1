"""The page without a mouse."""

from __future__ import annotations

from browser import Keys
from stage import expect, interval
from steps import World, step


@step("the tab order is that of the page, and the first stop leads to the content")
def tab_order(world: World) -> None:
  browser = world.browser
  world.stage.put("keys-a", interval("shop.report", 9))
  world.list("?search=keys-")
  browser.wait(lambda: browser.names(), "rows are listed")
  browser.js("document.activeElement.blur(); scrollTo(0, 0); getSelection().removeAllRanges()")
  browser.js("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
  stops = []
  for _ in range(40):
    browser.keys(Keys.TAB)
    stops.append(browser.focus())
    if stops[-1]["class"] == "row-link":
      break
  texts = [stop["text"] for stop in stops]
  expect(texts[0] == "Skip to the content", f"the first stop is the way to the content: {texts[:3]}")
  wanted = ["Schedules", "Runs", "System", "New schedule", "Search name, label, task, queue", "Select all on this page"]
  places = [texts.index(text) if text in texts else -1 for text in wanted]
  expect(-1 not in places, f"the stops include {wanted}: {texts}")
  expect(places == sorted(places), f"the order is that of the page: {texts}")
  expect(stops[-1]["class"] == "row-link", "a row is reached")
  seen = browser.js("""
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
  """)
  expect(seen, "the focus can be seen")


@step("search, walk the rows, open, go back, select: all by keys")
def keys(world: World) -> None:
  browser = world.browser
  names = [f"keys-{letter}" for letter in "abc"]
  for name in names:
    world.stage.put(name, interval("shop.report", 9))
  world.list()
  browser.keys("/")
  expect(browser.focus()["id"] == "search", "/ leads to the search")
  browser.keys("k", "e", "y", "s", "-")
  browser.wait(lambda: browser.names() == names, "the search is typed, and its letters are no commands")
  browser.keys(Keys.TAB)
  browser.keys("j")
  expect(browser.focus()["text"] == "keys-a", f"j leads to the first row: {browser.focus()}")
  browser.keys("j", "j", "k")
  expect(browser.focus()["text"] == "keys-b", f"j and k walk: {browser.focus()}")
  browser.keys("x")
  browser.see("#bulk", "1 selected")
  browser.keys(Keys.ESCAPE)
  browser.wait(lambda: not browser.text("#bulk").strip(), "Esc takes the selection back")
  browser.js("[...document.querySelectorAll('.row-link')][1].focus()")
  browser.keys(Keys.ENTER)
  browser.see("h1", "^keys-b$")
  browser.keys(Keys.ESCAPE)
  browser.see("h1", "^Schedules$")
  browser.wait(lambda: browser.focus()["text"] == "keys-b", "Esc leads back to the row that was opened")
  expect(browser.names() == names, "the search is there still")
  browser.keys("e")
  browser.see("h1", "^Edit keys-b$")
  browser.keys("g", "s")
  browser.see("h1", "^System$")
  browser.keys("g", "l")
  browser.see("h1", "^Schedules$")


@step("a dialog keeps the focus, and gives it back to where it came from")
def dialogs(world: World) -> None:
  browser = world.browser
  world.stage.put("keys-a", interval("shop.report", 9))
  world.schedule("keys-a")
  for label in ("Rename", "Delete"):
    button = browser.find("button", label)
    browser.js("arguments[0].focus()", button)
    browser.keys(Keys.ENTER)
    browser.see("dialog", ".")
    for _ in range(8):
      browser.keys(Keys.TAB)
      inside = browser.js(
        "return document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))")
      expect(inside, f"Tab stays inside the dialog: {browser.focus()}")
    browser.keys(Keys.ESCAPE)
    browser.wait(lambda: not browser.all("dialog"), "Esc closes the dialog")
    expect(browser.focus()["text"] == label, f"the focus is back on {label}: {browser.focus()}")
  browser.js("document.activeElement.blur()")
  browser.keys("?")
  browser.see("dialog", "Search")
  browser.keys(Keys.ESCAPE)
  browser.wait(lambda: not browser.all("dialog"), "Esc closes the keys")


@step("a schedule is edited and saved without a mouse")
def edit(world: World) -> None:
  browser = world.browser
  world.stage.put("keys-edit", interval("shop.report", 9))
  world.schedule("keys-edit")
  browser.keys("e")
  browser.see("h1", "^Edit keys-edit$")
  for _ in range(40):
    browser.keys(Keys.TAB)
    if browser.focus()["text"] == "Every":
      break
  expect(browser.focus()["text"] == "Every", "the field is reached by Tab")
  browser.keys("8")
  browser.see(".check-body", "every")
  browser.chord(Keys.CONTROL, "s")
  browser.see(".toast", "Saved keys-edit")
  browser.see("h1", "^keys-edit$")
  expect(world.stage.document("keys-edit")["interval"]["every"] == 8, "the change is stored")
