"""The rules of accessibility that axe-core can examine, in both themes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from browser import Keys
from stage import ZONE, Failed, crontab, expect, identity, interval
from steps import World, step

GRAVE = ("serious", "critical")
AXE = """
const done = arguments[0];
const place = ({ target, any }) => `${target.join(" ")}${any[0] ? `: ${any[0].message}` : ""}`;
axe.run(document, { resultTypes: ["violations"] }).then(
  ({ violations }) => done(violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, nodes: nodes.slice(0, 4).map(place) }))),
  (error) => done([{ id: "axe", impact: "critical", help: String(error), nodes: [] }]));
"""


def look(world: World, view: str) -> List[str]:
  """The findings of a view, as it is now."""
  browser = world.browser
  found: List[str] = []
  for theme in ("light", "dark"):
    browser.theme(theme)
    browser.settle(0.4)
    browser.js(world.axe)
    for each in browser.driver.execute_async_script(AXE):
      text = f"{view}, {theme}: {each['id']} ({each['impact']}): {each['help']}: {'; '.join(each['nodes'])}"
      if each["impact"] in GRAVE:
        found.append(text)
      else:
        world.print(text)
  browser.theme("light")
  return found


def examine(world: World, views: Dict[str, Callable[[], Any]]) -> None:
  expect(world.axe, "axe-core is there: scripts/browser installs it")
  found: List[str] = []
  for view, reach in views.items():
    reach()
    found += look(world, view)
  if found:
    raise Failed("axe-core finds:\n        " + "\n        ".join(found))


@step("axe-core has nothing serious to say of the list, a schedule, the editor and the system, in both themes")
def views(world: World) -> None:
  browser, stage = world.browser, world.stage
  stage.put("axe-good", crontab("shop.report", "30", "6", timezone=ZONE, args=["daily"]))
  stage.put("axe-rests", interval("shop.report", enabled=False))
  stage.put("axe-ended", interval("shop.report", expires_at="2020-01-01T00:00:00Z"))
  stage.put("axe-bad", crontab("shop.report", "61", "6"))
  stage.put("axe-runs", interval("shop.tick", 2, "seconds"))

  def open_(address: str, selector: str, text: str = ".") -> Callable[[], Any]:

    def reach() -> None:
      browser.open(world.page.address + address)
      browser.see(selector, text, 60)
      browser.is_live()

    return reach

  def with_selection() -> None:
    open_("#/schedules?search=axe-", ".row-link")()
    browser.all("tbody .c-box input")[0].click()
    browser.see("#bulk", "selected")

  def with_dialog() -> None:
    open_(f"#/schedules/{identity('axe-good')}", "[aria-labelledby=why] .headline")()
    browser.press("Rename")
    browser.see("dialog", "New name")

  def without() -> None:
    browser.keys(Keys.ESCAPE)
    browser.open(f"{world.page.address}#/system")
    browser.see(".findings", ".", 60)

  try:
    examine(
      world, {
        "list": with_selection,
        "schedule": open_(f"#/schedules/{identity('axe-runs')}", "[aria-labelledby=history] tbody", "ms"),
        "rejected schedule": open_(f"#/schedules/{identity('axe-bad')}", "[aria-labelledby=why] .headline"),
        "dialog": with_dialog,
        "editor": open_(f"#/schedules/{identity('axe-good')}/edit", ".check-state", "can be used"),
        "editor with an error": open_(f"#/schedules/{identity('axe-bad')}/edit", ".check-state", "cannot"),
        "new": open_("#/new", ".check-state"),
        "runs": open_("#/runs", "tbody"),
        "system": without,
      } if not world.is_short else {
        "list": with_selection,
        "editor with an error": open_(f"#/schedules/{identity('axe-bad')}/edit", ".check-state", "cannot"),
      })
  finally:
    stage.delete("axe-runs")


@step("axe-core has nothing serious to say of the login and of a viewer's pages", is_long=True)
def login(world: World) -> None:
  browser, stage = world.browser, world.stage
  file = stage.folder / "axe-tokens"
  secret = stage.token(file, "vera", "viewer")
  stage.put("axe-good", crontab("shop.report", "30", "6", timezone=ZONE))
  page = stage.page("web-axe", "--token-file", file)

  def at_login() -> None:
    browser.open(page.address)
    browser.see("h1", "Log in")

  def as_viewer() -> None:
    browser.fill("Token", secret)
    browser.keys(Keys.ENTER)
    browser.see("h1", "Schedules")
    browser.open(f"{page.address}#/schedules/{identity('axe-good')}")
    browser.see("[aria-labelledby=why] .headline", ".")

  try:
    examine(world, {"login": at_login, "viewer": as_viewer})
    browser.open("about:blank")
  finally:
    stage.close(page)
