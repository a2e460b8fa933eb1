"""A hundred thousand schedules."""

from __future__ import annotations

import statistics
import time
from typing import Any, Iterator, Tuple

from stage import crontab, expect, interval
from steps import World, step

COUNT = 100_000
#: Milliseconds that nobody may have to wait, on a slow machine. What is usual is in docs/performance.md.
PATIENCE = 3000

TIMES = """
const paint = performance.getEntriesByName("first-contentful-paint")[0];
const api = performance.getEntriesByType("resource").find(({ name }) => name.includes("/api/v1/schedules?"));
return { paint: paint?.startTime ?? 0, answered: api?.responseEnd ?? 0,
  bytes: performance.getEntriesByType("resource").reduce((sum, { transferSize }) => sum + transferSize, 0) };
"""

SEARCH = """
const [text, done] = arguments;
const box = document.getElementById("search");
const summary = document.querySelector(".summary");
const began = performance.now();
const before = summary.textContent;
new MutationObserver((_, observer) => {
  if (summary.textContent === before) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
}).observe(summary, { childList: true, characterData: true, subtree: true });
box.value = text;
box.dispatchEvent(new InputEvent("input", { bubbles: true }));
"""


def documents(count: int) -> Iterator[Tuple[str, Any]]:
  for number in range(count):
    task = f"shop.area{number % 40}.job{number % 400}"
    options = {"queue": f"queue-{number % 12}"}
    if number % 3:
      yield f"scale-{number:06}", interval(task, 1 + number % 23, "hours", options=options)
    else:
      yield f"scale-{number:06}", crontab(task,
                                          str(number % 60),
                                          str(number % 24),
                                          timezone="Europe/Berlin",
                                          options=options)


@step("with 100,000 schedules the page is there at once, and a search too", is_long=True, is_redis=True)
def scale(world: World) -> None:
  browser, stage = world.browser, world.stage
  stage.put_all(documents(COUNT), database=2)
  began = time.monotonic()
  page = stage.page("web-scale", database=2)
  try:
    browser.wait(lambda: (answer := page.get("api/v1/schedules?limit=1"))["all"] == COUNT and not answer["loading"],
                 "all are read", 120)
    world.print(f"{COUNT:,} schedules are read {time.monotonic() - began:.1f} s after the start of beat-watch web")
    paints, rows = [], []
    for _ in range(5):
      browser.open(f"{page.address}#/schedules")
      browser.wait(lambda: len(browser.names()) == 100, "the first page of rows is there")
      times = browser.js(TIMES)
      paints.append(times["paint"])
      rows.append(times["answered"])
    world.print(
      f"first paint {statistics.median(paints):.0f} ms, rows' answer {statistics.median(rows):.0f} ms after the address "
      "was opened, "
      f"{times['bytes'] / 1000:.0f} kB")
    browser.see(".summary", "100,000 schedules")
    searches = [
      browser.driver.execute_async_script(SEARCH, text)
      for text in ("scale-05", "area7 queue-3", "job399", "scale-099999", "scale")
    ]
    world.print(
      f"searches {', '.join(f'{each:.0f}' for each in searches)} ms from the key to the rows, "
      "with the pause of 180 ms for typing"
    )
    began = time.monotonic()
    pages = [
      page.get(f"api/v1/schedules?sort={sort}&offset={COUNT - 100}")["items"]
      for sort in ("name", "next", "-late", "task")
    ]
    world.print(f"the last page of four orders {(time.monotonic() - began) * 1000 / 4:.0f} ms each by the API")
    expect(all(len(items) == 100 for items in pages), "the last page of each order is full")
    expect(max(paints) < PATIENCE, f"the first paint is within {PATIENCE} ms: {paints}")
    expect(max(searches) < PATIENCE, f"each search is within {PATIENCE} ms: {searches}")
    browser.open("about:blank")
  finally:
    stage.close(page)
    stage.redis("FLUSHDB", database=2)
