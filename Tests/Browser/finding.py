"""Finding schedules, and reading why they run or do not."""

from __future__ import annotations

import datetime
import zoneinfo

from stage import ZONE, crontab, expect, interval
from steps import World, step


@step("a search leaves the schedules that have all its words, and the address keeps it")
def search(world: World) -> None:
  browser = world.browser
  world.stage.put("find-invoices", interval("shop.billing.send_invoices", queue="billing"))
  world.stage.put("find-reminders", interval("shop.billing.remind", queue="billing"))
  world.list()
  browser.mark()
  browser.search("FIND billing invoices")
  browser.wait(lambda: browser.names() == ["find-invoices"], "the list has find-invoices alone")
  browser.see(".summary", r"^1 of \d+ schedules")
  browser.expect_no_reload()
  browser.driver.refresh()
  browser.wait(lambda: browser.names() == ["find-invoices"], "the search outlasts a reload")
  browser.search("no such word at all")
  browser.see(".empty", "No schedule matches")
  browser.press("Clear filters", ".empty button")
  browser.wait(lambda: len(browser.names()) > 1, "all schedules are back")


@step("pages, orders and filters are in the address, and the browser's way back leads through them")
def paging(world: World) -> None:
  browser = world.browser
  names = [f"page-{number:03}" for number in range(130)]
  world.stage.put_all(
    (name, interval(f"shop.kind{number % 2}", 1 + number, options={"queue": f"page-queue-{number % 3}"}))
    for number, name in enumerate(names))
  world.list("?search=page-")
  browser.wait(lambda: browser.names() == names[:100], "the first page has a hundred")
  browser.press("Next page", "button")
  browser.wait(lambda: browser.names() == names[100:], "the second page has the others")
  browser.driver.back()
  browser.wait(lambda: browser.names() == names[:100], "the way back leads to the first page")
  browser.press("Name", "th button")
  browser.wait(lambda: browser.names() == names[:-101:-1], "the order is turned")
  browser.js(
    """
    const queue = [...document.querySelectorAll("select")].find((each) => each.getAttribute("aria-label") === "Queue");
    queue.value = "page-queue-1";
    queue.dispatchEvent(new Event("change"));
    """
  )
  browser.wait(lambda: browser.names() == names[1::3][::-1], "the filter leaves those of a queue")
  browser.driver.refresh()
  browser.wait(lambda: browser.names() == names[1::3][::-1], "a reload shows the same")


@step("the theme that somebody has chosen outlasts a reload", is_long=True)
def theme(world: World) -> None:
  browser = world.browser
  dark = lambda: browser.js(
    "return document.documentElement.dataset.theme === 'dark'"
  )  # noqa: E731
  world.list()
  expect(not dark(), "the system's theme counts at first")
  try:
    browser.press("Switch between light and dark")
    expect(dark(), "the other theme is there")
    browser.driver.refresh()
    browser.see("h1", "Schedules")
    expect(dark(), "it is there after a reload")
  finally:
    browser.js("localStorage.clear()")


@step("the list tells a rejected schedule, with the reason, and its page says what to do")
def rejected(world: World) -> None:
  browser = world.browser
  world.stage.put("why-rejected", crontab("shop.report", minute="61"))
  world.list("?state=rejected&search=why-")
  browser.wait(lambda: "why-rejected" in browser.names(), "the filter shows it")
  expect("minute" in browser.row("why-rejected"), f"its row says what is wrong: {browser.row('why-rejected')!r}")
  browser.press("why-rejected", "a.row-link")
  browser.see("h1", "why-rejected")
  browser.see(".badge", "Rejected")
  browser.see(".reason", "minute")
  browser.see("[aria-labelledby=why] .headline", ".")
  browser.see("[aria-labelledby=why]", "minute|reject")
  browser.see("[aria-labelledby=document]", "crontab.minute")


@step("the page of a schedule that rests says why it did not run")
def disabled(world: World) -> None:
  browser = world.browser
  world.stage.put("why-rests", interval("shop.report", 5, "minutes", enabled=False))
  world.schedule("why-rests")
  browser.see(".badge", "Disabled")
  browser.see("[aria-labelledby=why] .headline", "disabled|rests|not enabled")
  browser.see("[aria-labelledby=next]", "No run is ahead|disabled|rests")


@step("a schedule that has ended says so", is_long=True)
def finished(world: World) -> None:
  world.stage.put("why-ended", interval("shop.report", 5, "minutes", expires_at="2020-01-01T00:00:00Z"))
  world.schedule("why-ended")
  world.browser.see(".badge", "Finished")
  world.browser.see("[aria-labelledby=why] .headline", "finish|end|expire|over")


def next_change(zone: zoneinfo.ZoneInfo) -> datetime.date:
  """The next day on which clocks are put forward."""
  day = datetime.datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
  while True:
    after = (day.replace(tzinfo=None) + datetime.timedelta(days=1)).replace(tzinfo=zone)
    if (after.utcoffset() or datetime.timedelta()) > (day.utcoffset() or datetime.timedelta()):
      return after.date()
    day = after


@step("a run on a day of clock change is marked")
def clock_change(world: World) -> None:
  change = next_change(zoneinfo.ZoneInfo(ZONE))
  days = {"day_of_month": str(change.day), "month_of_year": str(change.month)}
  world.stage.put("clock-change", crontab("shop.report", "30", "2", days=days, timezone=ZONE))
  world.schedule("clock-change")
  marked = world.browser.see(".upcoming li.has-change", str(change))
  expect(len(marked.splitlines()) > 1 or "clock" in marked, f"the mark says what happens to the clock: {marked!r}")
