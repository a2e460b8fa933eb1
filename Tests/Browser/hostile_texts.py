"""Names and documents that try to be more than text."""

from __future__ import annotations

import json

from browser import Browser
from stage import PREFIX, expect, identity, interval
from steps import World, step

IMAGE = "<img src=x onerror=alert(1)>"
NAMES = (
  "hostile/with/slashes",
  "hostile/../../etc/passwd",
  'hostile "quotes" \'both\'',
  f"hostile {IMAGE}",
  "hostile </script><script>alert(2)</script>",
  "hostile %2e%2e%2f?x=1#y&z",
  "hostile  two  spaces",
  "hostile-ünïcödé-日本語-🙂",
  "hostile\u202eright-to-left",
  "hostile javascript:alert(3)",
  "hostile " + "long" * 100,
)


def expect_text(browser: Browser) -> None:
  """Nothing of a document has become markup."""
  made = browser.js("""
    return [...document.querySelectorAll("img, script, iframe, svg, object, embed, style, link, a")].filter((e) =>
      e.matches('img:not([src="/assets/icon.svg"]), main script, iframe, object, embed, main style, main link')
      || e.onerror || /javascript:/i.test(e.getAttribute("href") ?? "")).map((e) => e.outerHTML)
  """)
  expect(not made, f"no markup came out of a document: {made}")


@step("names, tasks, arguments and reasons of hostile documents are text everywhere")
def texts(world: World) -> None:
  browser, stage = world.browser, world.stage
  for name in NAMES:
    task = f'shop.{IMAGE}"\''
    stage.put(
      name,
      interval(task,
               9,
               name=f"label {IMAGE}",
               args=[IMAGE, "</pre>", '"'],
               kwargs={IMAGE: IMAGE},
               options={"queue": f"q{IMAGE}"}))
  stage.put(f"hostile rejected {IMAGE}", interval(IMAGE, 9, IMAGE))
  stage.put("hostile turned",
            interval("shop.\u202eturned", 9, name="label \u202eturned", options={"queue": "\u202equeue"}))
  if not stage.is_mongo:
    stage.put("hostile broken", f'{{"task": "{IMAGE}", {IMAGE}')
  world.list("?search=hostile")
  browser.wait(lambda: len(browser.names()) >= len(NAMES), "they are listed")
  browser.settle(0.5)
  for name in NAMES:
    shown = "\u202e" not in name
    expect(not shown or name in browser.names(), f"the list has {name!r}: {browser.names()}")
  expect_text(browser)
  expect("\u202e" not in browser.text("table.list"), "no character turns the direction of the page's text")


@step("each of them has a page, an editor, and an answer to an edit")
def pages(world: World) -> None:
  browser, stage = world.browser, world.stage
  names = NAMES[:4] if world.is_short else NAMES
  for name in names:
    stage.put(name, interval(f"shop.{IMAGE}", 9, args=[IMAGE]))
  for name in names:
    world.schedule(name)
    browser.see("[aria-labelledby=why] .headline", ".")
    expect("\u202e" in name or browser.js("return document.querySelector('h1').textContent") == name,
           f"the page is that of {name!r}")
    expect_text(browser)
    browser.press("Edit")
    browser.fill("Every", "8")
    browser.see(".check-state", "It can be used")
    browser.press("Save")
    browser.see(".toast", "Saved hostile")
    expect_text(browser)
    text = stage.raw(name)
    expect(json.loads(text)["interval"]["every"] == 8, f"the change of {name!r} is stored")
    browser.close_messages()


@step("a rejected hostile document shows its errors as text, in the editor too")
def errors(world: World) -> None:
  browser, stage = world.browser, world.stage
  name = f"hostile rejected {IMAGE}"
  stage.put(name, interval(IMAGE, 9, IMAGE))
  world.schedule(name)
  browser.see(".badge", "Rejected")
  browser.see("[aria-labelledby=why] .headline", ".")
  expect_text(browser)
  browser.press("Edit")
  browser.see(".check-state", "cannot be used")
  expect_text(browser)
  if stage.is_mongo:
    return
  stage.put("hostile broken", f'{{"task": "{IMAGE}", {IMAGE}')
  world.schedule("hostile broken")
  browser.see(".badge", "Rejected")
  expect_text(browser)
  browser.press("Edit")
  browser.see(".view-editor", "not JSON")
  expect_text(browser)


@step("a name of bytes that are no text can be looked at, and its editor says what to do instead", is_redis=True)
def bytes_(world: World) -> None:
  browser, stage = world.browser, world.stage
  command = b"*3\r\n$3\r\nSET\r\n"
  key = PREFIX.encode() + b"hostile-\xff\xfe"
  text = b'{"name": "x", "task": "shop.\xff", "interval": {"every": 9, "period": "hours"}}'
  for word in (key, text):
    command += b"$%d\r\n%s\r\n" % (len(word), word)
  stage.redis("--pipe", text=command)
  world.list("?search=hostile-")
  browser.wait(lambda: any("\\x" in name or "\ufffd" in name or "xff" in name.lower() for name in browser.names()),
               "it is listed")
  expect_text(browser)
  name = next(name for name in browser.names() if "\\x" in name or "\ufffd" in name or "xff" in name.lower())
  browser.press(name, "a.row-link")
  browser.see(".badge", ".")
  browser.press("Edit")
  browser.see("main", "UTF-8|not text")


@step("a search and an address with markup do no harm either", [r"status of 40[04]"], is_long=True)
def addresses(world: World) -> None:
  browser = world.browser
  world.list(f"?search={IMAGE}nothing")
  browser.see(".empty", "No schedule matches")
  expect_text(browser)
  browser.open(f"{world.page.address}#/schedules/{IMAGE}")
  browser.see("main", "no such schedule|cannot be shown")
  expect_text(browser)
  browser.open(f"{world.page.address}#/schedules/{identity('there is none')}")
  browser.see("main", "no such schedule")
