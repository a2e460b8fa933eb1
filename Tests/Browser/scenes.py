"""Pictures of the page, with the schedules of a shop."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import time
from typing import Any, Dict

from browser import Keys
from stage import crontab, expect, identity, interval
from steps import World

WIDTHS = ((1440, 900), (1024, 768), (390, 844))


def shop() -> Dict[str, Any]:
  """Schedules as a shop has them: several queues and zones, one that rests, one that is rejected, one that has ended."""
  def queue(name: str, **options: Any) -> Dict[str, Any]:
    return {"queue": name, **options}

  weekdays = {"day_of_week": "mon-fri"}
  return {
    "baskets/expire": interval("shop.baskets.expire", 10, "minutes", options=queue("default"), jitter=20),
    "baskets/remind": crontab("shop.baskets.remind", "15", "10,18", timezone="Europe/Berlin", options=queue("mail"), name="Remind of full baskets"),
    "catalogue/reindex": crontab("shop.search.reindex", "0", "3", timezone="Europe/Berlin", options=queue("search"), catchup="latest"),
    "catalogue/sync-prices": interval("shop.catalogue.sync_prices", 30, "seconds", options=queue("catalogue"), name="Prices from the suppliers"),
    "customers/birthday-mails": crontab("shop.mails.birthday", "0", "8", timezone="Europe/Berlin", options=queue("mail")),
    "exchange-rates": crontab("shop.finance.rates", "5", "16", days=weekdays, timezone="Europe/Berlin", options=queue("finance")),
    "fraud/score-orders": interval("shop.fraud.score", 5, "seconds", options=queue("fraud", expires=30), kwargs={"model": "2026-10"}),
    "inventory/count-low": crontab("shop.inventory.count_low", "*/15", "7-20", timezone="America/New_York", options=queue("warehouse"), name="Stock of the warehouse in Newark"),
    "inventory/reorder": crontab("shop.inventory.reorder", "30", "18", days=weekdays, timezone="America/New_York", options=queue("warehouse")),
    "invoices/send": crontab("shop.billing.send_invoices", "*/5", options=queue("billing", priority=5), args=["pdf"], name="Invoices of shipped orders"),
    "invoices/remind": crontab("shop.billing.remind", "0", "9", days=weekdays, timezone="Europe/Berlin", options=queue("billing")),
    "newsletter/tokyo": crontab("shop.mails.newsletter", "0", "7", days={"day_of_week": "thu"}, timezone="Asia/Tokyo", options=queue("mail"), args=["ja"]),
    "newsletter/winter-sale": {**crontab("shop.mails.newsletter", "0", "7", timezone="Europe/Berlin", options=queue("mail")), "enabled": False},
    "orders/export-to-erp": interval("shop.orders.export", 1, "minutes", options=queue("erp"), kwargs={"batch": 200}),
    "orders/poll-carrier": interval("shop.shipping.poll", 15, "seconds", options=queue("shipping")),
    "payments/settle": crontab("shop.payments.settle", "30", "2", timezone="Europe/Berlin", options=queue("finance", expires=3600), catchup="all", name="Nightly settlement"),
    "reports/weekly": crontab("shop.reports.weekly", "0", "24", days={"day_of_week": "sun"}, timezone="Europe/Berlin", options=queue("reports")),
    "reviews/ask": crontab("shop.mails.ask_review", "0", "17", timezone="Europe/Paris", options=queue("mail")),
    "sessions/sweep": interval("shop.sessions.sweep", 1, "hours", options=queue("default")),
    "summer-sale/end": {"task": "shop.sale.end", "enabled": True, "clocked": {"clocked_time": "2027-08-31T22:00:00Z"}, "options": queue("catalogue")},
    "tax/vat-numbers": crontab("shop.finance.check_vat", "0", "4", days={"day_of_month": "1"}, timezone="UTC", options=queue("finance")),
    "thumbnails": interval("shop.images.thumbnails", 20, "seconds", options=queue("images")),
  }


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
    "list": at("#/schedules", ".row-link"), "schedule": at(f"#/schedules/{identity('fraud/score-orders')}", "[aria-labelledby=history] tbody"),
    "rejected": at(f"#/schedules/{identity('reports/weekly')}", "[aria-labelledby=why] .headline"),
    "edit-error": mistake, "new": at("#/new", ".check-state"), "runs": at("#/runs", "tbody"), "system": at("#/system", ".findings"), "login": login,
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
  browser.open(f"{world.page.address}#/schedules/{identity('orders/poll-carrier')}")
  browser.see("[aria-labelledby=why] .headline", ".")
  browser.see("[aria-labelledby=history] tbody", "ms")
  browser.is_live()
  browser.settle(2)
  taken.append(browser.picture("web-schedule", folder))
  for path in taken:
    subprocess.run(["pngquant", "--force", "--skip-if-larger", "--strip", "--output", path, "128", path], check=False)
    expect(path.stat().st_size < 200_000, f"{path.name} is below 200 kB: {path.stat().st_size}")
    print(f"{path.name}: {path.stat().st_size // 1000} kB")
