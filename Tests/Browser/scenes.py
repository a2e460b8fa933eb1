"""Pictures of the page, with the schedules of a shop."""

from __future__ import annotations

import datetime
import pathlib
import signal
import subprocess
import time
import zoneinfo
from typing import Any, Dict, Optional

from browser import Keys
from stage import crontab, expect, identity, interval
from steps import World

WIDTHS = ((1440, 900), (1024, 768), (390, 844))


def shop() -> Dict[str, Any]:
  """Schedules as a shop has them, which have run for months: several queues and zones, one that rests, one that is
  rejected."""

  def every(task: str, count: int, period: str, queue: str, runs: int, **fields: Any) -> Any:
    return interval(f"shop.{task}", count, period, options={"queue": queue}, **fields), runs, None

  def at(task: str, minute: str, hour: str, queue: str, runs: int, zone: str = "Europe/Berlin", **fields: Any) -> Any:
    return crontab(f"shop.{task}", minute, hour, timezone=zone, options={"queue": queue}, **fields), runs, zone

  weekdays = {"day_of_week": "mon-fri"}
  schedules = {
    "analytics/weekly":
      at("analytics.weekly", "0", "24", "reports", 0, days={"day_of_week": "sun"}, name="Figures of the week"),
    "baskets/expire":
      every("baskets.expire", 10, "minutes", "default", 26_110),
    "baskets/remind":
      at("baskets.remind", "15", "10,18", "mail", 362, name="Remind of full baskets"),
    "cache/warm-front-page":
      at("cache.warm", "*", "*", "web", 260_433, name="Front page before the news"),
    "catalogue/reindex":
      at("search.reindex", "0", "3", "search", 181, catchup="latest"),
    "catalogue/sync-prices":
      every("catalogue.sync_prices", 30, "seconds", "catalogue", 521_007, name="Prices of the suppliers"),
    "customers/birthday":
      at("mails.birthday", "0", "8", "mail", 181),
    "exchange-rates":
      at("finance.rates", "5", "9", "finance", 181),
    "fraud/score-orders":
      every("fraud.score", 5, "seconds", "fraud", 3_126_480, kwargs={"model": "2026-10"}),
    "inventory/count-low":
      at("inventory.count_low", "*/15", "7-20", "warehouse", 9_841, "America/New_York", name="Stock of Newark"),
    "inventory/reorder":
      at("inventory.reorder", "30", "18", "warehouse", 127, "America/New_York", days=weekdays),
    "invoices/send":
      at("billing.send_invoices", "*/5", "*", "billing", 52_086, args=["pdf"], name="Invoices of shipped orders"),
    "newsletter/tokyo":
      at("mails.newsletter", "0", "7", "mail", 25, "Asia/Tokyo", days={"day_of_week": "thu"}, args=["ja"]),
    "newsletter/winter-sale":
      at("mails.newsletter", "0", "7", "mail", 14),
    "orders/export-to-erp":
      every("orders.export", 1, "minutes", "erp", 260_401, kwargs={"batch": 200}),
    "orders/poll-carrier":
      every("shipping.poll", 15, "seconds", "shipping", 1_042_160),
    "payments/settle":
      at("payments.settle", "30", "2", "finance", 181, catchup="all", name="Nightly settlement"),
    "reviews/ask":
      at("mails.ask_review", "0", "17", "mail", 181, "Europe/Paris"),
    "sessions/sweep":
      every("sessions.sweep", 1, "hours", "default", 4_340),
    "tax/vat-numbers":
      at("finance.check_vat", "0", "4", "finance", 6, "UTC", days={"day_of_month": "1"}),
    "thumbnails":
      every("images.thumbnails", 20, "seconds", "images", 780_212),
  }
  schedules["newsletter/winter-sale"][0]["enabled"] = False
  return {name: {**document, **earlier(document, runs, zone)} for name, (document, runs, zone) in schedules.items()}


def earlier(document: Dict[str, Any], runs: int, zone: Optional[str]) -> Dict[str, Any]:
  """What the daemon has written about the runs so far. No run of them is missing."""
  if not runs:
    return {}
  now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
  if zone is None:
    each = document["interval"]
    seconds = each["every"] * {"seconds": 1, "minutes": 60, "hours": 3600}[each["period"]]
    last = now - datetime.timedelta(seconds=now.timestamp() % seconds)
  else:
    last = now.astimezone(zoneinfo.ZoneInfo(zone)).replace(second=0)
    while not fits(document["crontab"], last):
      last -= datetime.timedelta(minutes=1)
  last = last.astimezone(datetime.timezone.utc)
  return {"total_run_count": runs, "last_run_at": last.strftime("%Y-%m-%dT%H:%M:%S.000000Z")}


def fits(fields: Dict[str, str], at: datetime.datetime) -> bool:
  """Whether a crontab of the shop has a run at this minute."""

  def has(text: str, value: int) -> bool:
    if text.startswith("*"):
      return value % int(text[2:] or 1) == 0
    low, _, high = text.partition("-")
    return int(low) <= value <= int(high) if high else str(value) in text.split(",")

  day = {"mon-fri": at.weekday() < 5, "thu": at.weekday() == 3, "*": True}[fields.get("day_of_week", "*")]
  return day and has(fields["minute"], at.minute) and has(fields["hour"], at.hour) and has(
    fields.get("day_of_month", "*"), at.day)


def open_shop(world: World) -> None:
  """Stores the shop's schedules, and lets them run for a while. What was due in a full minute has been late."""
  world.stage.put_all(shop().items())
  world.browser.settle(62 - time.time() % 60)
  world.browser.settle(58 - time.time() % 60)
  assert world.stage.beat
  world.stage.beat.send_signal(signal.SIGSTOP)
  world.browser.settle(6)
  world.stage.beat.send_signal(signal.SIGCONT)
  world.browser.settle(6)


def pictures(world: World) -> None:
  """Each view, at three widths, in both themes, into .build/browser."""
  browser, stage = world.browser, world.stage
  open_shop(world)
  file = stage.folder / "picture-tokens"
  stage.token(file, "vera", "viewer")
  locked = stage.page("web-pictures", "--token-file", file)

  def mistake() -> None:
    browser.open(f"{world.page.address}#/schedules/{identity('payments/settle')}/edit")
    browser.fill("Minute", "61")
    browser.see(".check-state", "cannot be used")

  def at(address: str, selector: str) -> Any:

    def reach() -> None:
      browser.open(world.page.address + address)
      browser.see(selector, ".", 60)

    return reach

  def login() -> None:
    browser.open(locked.address)
    browser.see("h1", "Log in")

  views = {
    "list": at("#/schedules", ".row-link"),
    "schedule": at(f"#/schedules/{identity('fraud/score-orders')}", "[aria-labelledby=history] tbody"),
    "rejected": at(f"#/schedules/{identity('analytics/weekly')}", "[aria-labelledby=why] .headline"),
    "edit-error": mistake,
    "new": at("#/new", ".check-state"),
    "runs": at("#/runs", "tbody"),
    "system": at("#/system", ".findings"),
    "login": login,
  }
  for view, reach in views.items():
    for width, height in WIDTHS:
      browser.resize(width, height)
      for theme in ("light", "dark"):
        browser.theme(theme)
        reach()
        browser.settle(0.8)
        browser.picture(f"{view}-{width}-{theme}")
    print(f"  {view}", flush=True)
  browser.keys(Keys.ESCAPE)


def readme(world: World, folder: pathlib.Path) -> None:
  """The two pictures of the README: the list, and one schedule."""
  browser = world.browser
  open_shop(world)
  browser.resize(1440, 900)
  browser.theme("light")
  browser.open(f"{world.page.address}#/schedules")
  browser.see(".row-link", "thumbnails")
  browser.is_live()
  browser.settle(2)
  taken = [browser.picture("web-list", folder)]
  browser.open(f"{world.page.address}#/schedules/{identity('fraud/score-orders')}")
  browser.see("[aria-labelledby=why] .headline", ".")
  browser.see("[aria-labelledby=history] tbody", "ms")
  browser.is_live()
  browser.settle(2)
  taken.append(browser.picture("web-schedule", folder))
  for path in taken:
    subprocess.run(["pngquant", "--force", "--skip-if-larger", "--strip", "--output", path, "128", path], check=False)
    expect(path.stat().st_size < 200_000, f"{path.name} is below 200 kB: {path.stat().st_size}")
    print(f"{path.name}: {path.stat().st_size // 1000} kB")
