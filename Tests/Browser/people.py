"""The login, and somebody who may only look."""

from __future__ import annotations

from browser import Keys
from stage import expect, identity, interval
from steps import World, step

UNAUTHORIZED = r"the server responded with a status of (401|403)"


@step("a token is asked for, a wrong one is refused, and a viewer changes nothing", [UNAUTHORIZED])
def viewer(world: World) -> None:
  browser, stage = world.browser, world.stage
  file = stage.folder / "tokens"
  secret = stage.token(file, "vera", "viewer")
  stage.put("viewed", interval("shop.report", 9))
  before = stage.raw("viewed")
  page = stage.page("web-tokens", "--token-file", file)
  editor, world.page = world.page, page
  try:
    browser.open(f"{page.address}#/schedules/{identity('viewed')}")
    browser.see("h1", "^Log in$")
    expect(not browser.all(".row-link, .code"), "nothing of the schedules is on the page")
    expect(page.ask("api/v1/schedules") == 401, "the API gives nothing either")
    expect(browser.focus()["text"] == "Token", "the field has the focus")
    browser.fill("Token", "wrong-token")
    browser.keys(Keys.ENTER)
    browser.see("#token-error", "not known")
    browser.fill("Token", secret)
    browser.keys(Keys.ENTER)
    browser.see("h1", "^viewed$")
    browser.see(".who", "vera")
    expect(secret not in browser.driver.current_url, "the token is in no address")
    stored = browser.js("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie")
    expect(secret not in stored, "no script can read the token or the session")
    browser.see(".view-schedule", "viewer")
    can_press = browser.js("""
      return [...document.querySelectorAll("main button")].filter((e) => e.checkVisibility() && !e.disabled
        && e.getAttribute("aria-disabled") !== "true"
        && /^(Edit|Run now|Disable|Rename|Duplicate|Delete)$/.test(e.textContent)).length
    """)
    expect(can_press == 0, "no control that edits can be used")
    expect(
      page.ask(f"api/v1/schedules/{identity('viewed')}/disable", "POST", {}) in (401, 403), "the API refuses strangers")
    answer = browser.driver.execute_async_script(
      """
      const [path, done] = arguments;
      fetch("/api/v1/session").then((r) => r.json()).then(({ csrf }) => fetch(path, { method: "POST", body: "{}",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf ?? "" } })).then((r) => done(r.status));
    """, f"/api/v1/schedules/{identity('viewed')}/disable")
    expect(answer == 403, f"the API refuses the viewer, by status {answer}")
    browser.open(f"{page.address}#/schedules/{identity('viewed')}/edit")
    browser.see("main", "viewer")
    expect(not browser.all("textarea"), "there is no editor")
    browser.open(f"{page.address}#/new")
    browser.see("main", "viewer")
    expect(stage.raw("viewed") == before, "the document is as it was")
    browser.press("Log out")
    browser.see("h1", "^Log in$")
    expect(not browser.all(".row-link, .code"), "nothing of the schedules is left on the page")
    browser.driver.refresh()
    browser.see("h1", "^Log in$")
  finally:
    world.page = editor
    stage.close(page)


@step("who may edit logs in, edits, and is out as soon as the token's line is gone", [UNAUTHORIZED])
def editor(world: World) -> None:
  browser, stage = world.browser, world.stage
  file = stage.folder / "more-tokens"
  secret = stage.token(file, "edith", "editor")
  stage.put("edited-by-edith", interval("shop.report", 9))
  page = stage.page("web-editors", "--token-file", file)
  try:
    browser.open(page.address)
    browser.fill("Token", secret)
    browser.press("Log in", "button")
    browser.see("h1", "^Schedules$")
    browser.is_live()
    browser.search("edited-by-edith")
    browser.wait(lambda: browser.names() == ["edited-by-edith"], "the list is there")
    browser.press("edited-by-edith", "a.row-link")
    browser.press("Disable")
    browser.see(".toast", "Disabled edited-by-edith")
    expect(stage.document("edited-by-edith")["enabled"] is False, "the change is stored")
    file.write_text("")
    browser.see("h1", "^Log in$")
    expect(not browser.has(".toast", "edited-by-edith", True),
           "no message about schedules is left on the page of the login")
    browser.js("document.activeElement.blur()")
    browser.keys("u", "n", "g", "s")
    browser.settle(1)
    browser.see("h1", "^Log in$")
    expect(not browser.has(".toast", "edited-by-edith", True), "keys do nothing without a session")
    expect(stage.document("edited-by-edith")["enabled"] is False, "nothing was changed without a session")
  finally:
    stage.close(page)
