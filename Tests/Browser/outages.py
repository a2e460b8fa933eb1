"""Without a daemon, without Redis, without the page's own server."""

from __future__ import annotations

from stage import expect, identity, interval
from steps import World, step

#: What a browser says of requests to a server that is away, or that says that the store is.
AWAY = (r"the server responded with a status of 503|ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|ABORTED|"
        r"INCOMPLETE_CHUNKED_ENCODING|NETWORK_CHANGED|SOCKET_NOT_CONNECTED)")


@step("without a daemon the page says so, and schedules can be changed still")
def no_daemon(world: World) -> None:
  browser, stage = world.browser, world.stage
  stage.put("no-daemon", interval("shop.report", 9))
  world.list("?search=no-daemon")
  browser.is_live()
  browser.mark()
  stage.stop_daemon()
  try:
    browser.see(".banner", "No daemon|daemon", 60)
    browser.see(".banner", "beat-watch run")
    browser.press("no-daemon", "a.row-link")
    browser.press("Disable")
    browser.see(".toast", "Disabled no-daemon")
    expect(stage.document("no-daemon")["enabled"] is False, "the change is stored")
    browser.press("Edit")
    browser.fill("Every", "8")
    browser.see(".check-state", "It can be used")
    browser.press("Save")
    browser.see(".toast", "Saved no-daemon.*No daemon has said anything")
    browser.press("Run now")
    browser.press("Run now", "dialog footer button")
    browser.see(".toast", "no-daemon.*(daemon|answer|refused|disabled)", 60)
    browser.open(f"{world.page.address}#/system")
    browser.see("main", "No daemon is running")
    browser.mark()
  finally:
    stage.start_daemon()
  browser.wait(lambda: not browser.all(".banner"), "the banner goes when a daemon is back", 60)
  browser.see("main", "leader")
  browser.expect_no_reload()


@step("while Redis is gone the page stays and says so, and goes on by itself when it is back", [AWAY], is_redis=True)
def no_store(world: World) -> None:
  browser, stage = world.browser, world.stage
  stage.put("no-store", interval("shop.report", 9))
  world.list("?search=no-store")
  browser.wait(lambda: browser.names() == ["no-store"], "it is listed")
  browser.is_live()
  browser.mark()
  stage.stop_redis()
  try:
    browser.see(".banner", "cannot be reached", 60)
    expect(browser.names() == ["no-store"], "the list stays")
    browser.press("no-store", "a.row-link")
    browser.see("h1", ".")
    browser.open(f"{world.page.address}#/system")
    browser.see(".banner", "cannot be reached", 60)
    browser.mark()
  finally:
    stage.start_redis()
  browser.wait(lambda: not browser.has(".banner", "cannot be reached", True), "the banner goes when Redis is back", 90)
  browser.expect_no_reload()
  world.browser.js("location.hash = arguments[0]", f"#/schedules/{identity('no-store')}")
  browser.see("h1", "^no-store$", 60)
  stage.put("no-store", interval("shop.report", 9, enabled=False))
  browser.see(".badge", "Disabled", 60)
  browser.expect_no_reload()


@step("while the page's own server is gone the page says so, and goes on by itself when it is back", [AWAY],
      is_long=True)
def no_server(world: World) -> None:
  browser, stage = world.browser, world.stage
  stage.put("no-server", interval("shop.report", 9))
  page = stage.page("web-once")
  browser.open(f"{page.address}#/schedules?search=no-server")
  browser.wait(lambda: browser.names() == ["no-server"], "it is listed")
  browser.is_live()
  browser.mark()
  stage.close(page)
  browser.see(".banner", "No connection to beat-watch web", 60)
  expect(browser.names() == ["no-server"], "the list stays")
  again = stage.page("web-again", port=page.port)
  expect(again.port == page.port, "the server is back at its address")
  browser.is_live()
  browser.wait(lambda: not browser.all(".banner"), "the banner goes", 60)
  stage.put("no-server", interval("shop.report", 9, enabled=False))
  browser.wait(lambda: "Disabled" in browser.cell("no-server", "c-state"), "changes arrive again", 60)
  browser.expect_no_reload()
  browser.open("about:blank")
  stage.close(again)
