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


@step("a schedule that has ended says so")
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
