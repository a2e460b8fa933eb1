"""Nothing jumps, and everything fits."""

from __future__ import annotations

from typing import Any, List

from browser import Browser
from stage import expect, identity, interval
from steps import World, step

POSITIONS = """
return [...document.querySelectorAll("table.list tbody tr")].map((row) => {
  const box = row.getBoundingClientRect();
  return [row.querySelector(".row-link").textContent, Math.round(box.top * 10), Math.round(box.height * 10),
    ...[...row.cells].map((cell) => Math.round(cell.getBoundingClientRect().left * 10))];
});
"""


def busy(world: World) -> List[str]:
  names = [f"busy-{number:02}" for number in range(12)]
  world.stage.put_all((name, interval("shop.tick", 1 + number % 3, "seconds")) for number, name in enumerate(names))
  return names


def calm(world: World) -> None:
  world.stage.delete(*(f"busy-{number:02}" for number in range(12)))


@step("rows stay where they are while runs arrive, whatever the order")
def steady(world: World) -> None:
  browser = world.browser
  names = busy(world)
  try:
    for sort in ("next",) if world.is_short else ("name", "next", "-last_run", "-count"):
      world.list(f"?search=busy-&sort={sort}")
      browser.wait(lambda: sorted(browser.names()) == names, "all are listed")
      browser.is_live()
      browser.settle(1)
      browser.forget_shifts()
      before = browser.js(POSITIONS)
      counts = [browser.cell(name, "c-count") for name in names]
      browser.wait(lambda: all(browser.cell(name, "c-count") != count for name, count in zip(names, counts)),
                   "each has run")  # noqa: B023
      after = browser.js(POSITIONS)
      moved = [(was, now) for was, now in zip(before, after) if was != now]
      expect(before == after, f"ordered by {sort}, rows and columns have moved: {moved[:2]}")
      expect(not browser.shifts(), f"ordered by {sort}, the layout has shifted: {browser.shifts()[:3]}")
  finally:
    calm(world)


PLACES = """
const places = "h1, .actions button, section.panel > h2, .upcoming li, [aria-labelledby=history] thead th, pre.code";
return [...document.querySelectorAll(places)].map((e) => {
  const box = e.getBoundingClientRect();
  return [e.tagName, e.tagName === "LI" ? "" : e.textContent.slice(0, 20), Math.round(box.left), Math.round(box.top)];
});
"""


@step("a schedule's page holds still while its runs arrive, and what was marked or focused stays so")
def steady_page(world: World) -> None:
  browser = world.browser
  world.stage.put("busy-00", interval("shop.tick", 1, "seconds"))
  try:
    world.schedule("busy-00")
    browser.is_live()
    # Its table takes room for each run until it is as high as it may be. What it says is asked anew some seconds
    # apart, and keeps the room that it has needed.
    browser.wait(lambda: len(browser.all("[aria-labelledby=history] tbody tr")) > (2 if world.is_short else 25),
                 "runs are listed", 60)
    browser.settle(1)
    browser.js("document.querySelector('.actions button').focus(); scrollTo(0, 0)")
    browser.forget_shifts()
    before = browser.js(PLACES)
    runs = len(browser.all("[aria-labelledby=history] tbody tr"))
    browser.wait(lambda: len(browser.all("[aria-labelledby=history] tbody tr")) >= runs + (2 if world.is_short else 10),
                 "more runs arrive")
    after = browser.js(PLACES)
    # The document's panel lies below the table, and gives way while the table grows.
    still = [(was, now) for was, now in zip(before, after) if was != now and was[1] != "Document" and was[0] != "PRE"]
    expect(not still, f"this has moved: {still[:3]}")
    expect(browser.focus()["text"] == "Edit", f"the focus stays where it was: {browser.focus()}")
  finally:
    calm(world)


@step("the row with the focus keeps it while runs arrive and the list is read anew", is_long=True)
def steady_focus(world: World) -> None:
  browser = world.browser
  names = busy(world)
  try:
    world.list("?search=busy-")
    browser.wait(lambda: browser.names() == names, "all are listed")
    browser.is_live()
    browser.keys("j", "j", "j")
    expect(browser.focus()["text"] == "busy-02", f"a row has the focus: {browser.focus()}")
    count = browser.cell("busy-02", "c-count")
    browser.wait(lambda: browser.cell("busy-02", "c-count") != count, "it has run")
    expect(browser.focus()["text"] == "busy-02", f"it has the focus still: {browser.focus()}")
    browser.keys("r")
    browser.settle(1)
    expect(browser.focus()["text"] == "busy-02", f"it has it after a refresh: {browser.focus()}")
  finally:
    calm(world)


@step("messages and banners move nothing that is there")
def messages(world: World) -> None:
  browser = world.browser
  world.stage.put("steady", interval("shop.report", 9))
  world.list("?search=steady")
  browser.wait(lambda: "steady" in browser.names(), "it is listed")
  browser.is_live()
  browser.settle(1)
  before = browser.js(POSITIONS)
  browser.forget_shifts()
  browser.keys("u")
  browser.see(".toast", "nothing to undo")
  browser.all("tbody .c-box input")[0].click()
  browser.see("#bulk", "1 selected")
  expect(browser.js(POSITIONS) == before, "the rows are where they were")
  expect(not browser.shifts(), f"nothing has shifted: {browser.shifts()}")


def overflow(browser: Browser) -> Any:
  """What is wider than the window, unless it lies in something that scrolls by itself."""
  return browser.js("""
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide <= 0) return null;
    const hides = (e) => e && (/auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX) || hides(e.parentElement));
    const right = (e) => Math.round(e.getBoundingClientRect().right);
    const all = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && right(e) > innerWidth);
    return [wide, ...all.filter((e) => !hides(e.parentElement)).slice(0, 4)
      .map((e) => `${e.tagName.toLowerCase()}.${e.className} ${right(e)}`)];
  """)


@step("no view scrolls sideways, down to 390 pixels")
def narrow(world: World) -> None:
  browser = world.browser
  name = "narrow-" + "very-long-name-without-a-gap" * 6
  world.stage.put(name, interval("shop." + "task" * 40, 9, args=["x" * 300], options={"queue": "queue" * 30}))
  world.stage.put("narrow-bad", interval("shop.report", 9, "fortnights"))
  views = {
    "list": ("#/schedules?search=narrow-", ".row-link"),
    "schedule": (f"#/schedules/{identity(name)}", "[aria-labelledby=why] .headline"),
    "editor": (f"#/schedules/{identity(name)}/edit", ".check-state"),
    "error": (f"#/schedules/{identity('narrow-bad')}/edit", ".check-state"),
    "new": ("#/new", ".check-state"),
    "runs": ("#/runs", "h1"),
    "system": ("#/system", ".findings"),
  }
  if world.is_short:
    views = {view: views[view] for view in ("list", "schedule", "error")}
  try:
    for width in (390,) if world.is_short else (390, 768, 1024, 1440):
      browser.resize(width, 844)
      for view, (address, selector) in views.items():
        browser.open(world.page.address + address)
        browser.see(selector, ".", 60)
        browser.settle(0.3)
        wide = overflow(browser)
        expect(not wide, f"at {width} the view {view} is wider than the window: {wide}")
    if world.is_short:
      return
    browser.resize(390, 844)
    world.list("?search=narrow-")
    browser.wait(lambda: browser.names(), "rows are there")
    small = browser.js("""
      const controls = "main button, main a.button, main select, main input:not([type=checkbox])";
      return [...document.querySelectorAll(controls)].filter((e) => e.checkVisibility())
        .map((e) => [e.getAttribute("aria-label") ?? e.textContent, e.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24).map(([name]) => name)
    """)
    expect(not small, f"each control is big enough for a finger: {small}")
  finally:
    browser.resize(1440, 900)
