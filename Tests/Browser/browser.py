"""Chromium as the steps use it: by what people see and press. It remembers all that went wrong inside the page."""

from __future__ import annotations

import os
import pathlib
import re
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import stage
from stage import Failed, expect

__all__ = ["Browser", "Keys"]

#: Runs in each page before its own scripts. It writes down what a page that is well never has.
WATCH = """
window.__trouble = [];
window.__shifts = [];
const note = (text) => window.__trouble.push(text);
addEventListener("securitypolicyviolation", (event) => note(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
addEventListener("error", (event) => note(`error: ${event.message ?? event.target}`));
addEventListener("unhandledrejection", (event) => note(`rejected promise: ${event.reason}`));
window.alert = (text) => note(`alert: ${text}`);
window.confirm = (text) => { note(`confirm: ${text}`); return false; };
window.prompt = (text) => { note(`prompt: ${text}`); return null; };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shifts.push({
    value: entry.value, at: entry.startTime,
    what: entry.sources.map(({ node }) => `${node?.nodeName} ${node?.className ?? ""}`.trim()),
  });
}).observe({ type: "layout-shift", buffered: true });
"""

#: The texts of elements by which people find them, in an element or the open dialog.
FIND = """
const [selector, text, isPart] = arguments;
const scope = document.querySelector("dialog[open]") ?? document;
const words = (element) => (element.getAttribute("aria-label") ?? element.textContent).replace(/\\s+/g, " ").trim();
return [...scope.querySelectorAll(selector)].filter((element) =>
  element.checkVisibility() && (isPart ? words(element).includes(text) : words(element) === text));
"""


class Browser:

  def __init__(self, pictures: pathlib.Path) -> None:
    self.pictures = pictures
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en-GB",
                     "--hide-scrollbars", "--force-color-profile=srgb", "--disable-background-networking",
                     "--disable-component-update", "--no-first-run", "--disable-extensions"):
      options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.set_capability("pageLoadStrategy", "eager")
    options.set_capability("unhandledPromptBehavior", "accept")
    service = Service("/usr/bin/chromedriver", env={**os.environ, "TZ": stage.ZONE, "LANG": "en_GB.UTF-8"})
    self.driver = webdriver.Chrome(service=service, options=options)
    self.driver.set_page_load_timeout(60)
    self.driver.set_script_timeout(60)
    self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    self.resize(1440, 900)
    self.theme("light")

  def close(self) -> None:
    self.driver.quit()

  # --- the window ---

  def command(self, name: str, **arguments: Any) -> Any:
    return self.driver.execute_cdp_cmd(name, arguments)

  def resize(self, width: int, height: int) -> None:
    self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

  def theme(self, name: str) -> None:
    self.command("Emulation.setEmulatedMedia",
                 features=[{
                   "name": "prefers-color-scheme",
                   "value": name
                 }, {
                   "name": "prefers-reduced-motion",
                   "value": "reduce"
                 }])

  def open(self, address: str) -> None:
    """Loads an address anew, even if only its hash differs."""
    self.driver.get("about:blank")
    self.driver.get(address)

  def mark(self) -> None:
    """From here on `expect_no_reload` holds."""
    self.js("window.__mark = true")

  def expect_no_reload(self) -> None:
    expect(self.js("return window.__mark === true"), "the page is never loaded anew")

  def picture(self, name: str, folder: Optional[pathlib.Path] = None) -> pathlib.Path:
    path = (folder or self.pictures) / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    self.driver.save_screenshot(str(path))
    return path

  # --- what is there ---

  def js(self, script: str, *arguments: Any) -> Any:
    return self.driver.execute_script(script, *arguments)

  def all(self, selector: str) -> List[Any]:
    return self.driver.find_elements(By.CSS_SELECTOR, selector)

  def text(self, selector: str) -> str:
    """The texts that can be seen."""
    return "\n".join(self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector))

  def wait(self, condition: Callable[[], Any], sentence: str, seconds: float = 30) -> Any:

    def patient() -> Any:
      try:
        return condition()
      except (StaleElementReferenceException, WebDriverException) as error:
        raise Failed(f"{type(error).__name__}: {str(error.msg).splitlines()[0]}") from None

    return stage.wait(patient, sentence, seconds)

  def see(self, selector: str, text: str = "", seconds: float = 30) -> str:
    """Waits for a text in what can be seen of these elements; the text may be a pattern."""
    pattern = re.compile(text, re.I | re.S)

    def sees() -> str:
      seen = self.text(selector)
      if not pattern.search(seen):
        raise Failed(f"there is: {seen[:300]!r}" if seen else f"nothing is at {selector}")
      return seen or " "

    return str(self.wait(sees, f"{text or selector!r} is seen at {selector}", seconds))

  def find(self, selector: str, text: str, is_part: bool = False, seconds: float = 30) -> Any:
    return self.wait(lambda: self.js(FIND, selector, text, is_part), f"there is {text!r} among {selector}", seconds)[0]

  def has(self, selector: str, text: str, is_part: bool = False) -> bool:
    return bool(self.js(FIND, selector, text, is_part))

  def field(self, label: str, seconds: float = 30) -> Any:
    """The control that a label names, with a scope of the open dialog."""
    script = """
      const scope = document.querySelector("dialog[open]") ?? document;
      const label = [...scope.querySelectorAll("label")].find((each) =>
        each.textContent.trim() === arguments[0] && each.control?.checkVisibility());
      return label?.control ?? [...scope.querySelectorAll("[aria-label]")].find((each) =>
        each.getAttribute("aria-label") === arguments[0] && each.checkVisibility());
    """
    return self.wait(lambda: self.js(script, label), f"there is a field {label!r}", seconds)

  def complaint(self, label: str) -> str:
    """The text beside a field that is announced with it."""
    return str(
      self.js(
        """
      return (arguments[0].getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id))
        .filter((e) => e?.classList.contains("field-error")).map((e) => e.innerText).join(" ");
    """, self.field(label)))

  # --- what people do ---

  def press(self, label: str, selector: str = "button, a.button", is_part: bool = False) -> None:
    """Clicks on what has this text or name."""

    def click() -> bool:
      self.js("arguments[0].scrollIntoView({ block: 'center' })", self.find(selector, label, is_part))
      self.find(selector, label, is_part).click()
      return True

    self.wait(click, f"{label!r} can be pressed", 15)

  def keys(self, *keys: str) -> None:
    for key in keys:
      ActionChains(self.driver).send_keys(key).perform()

  def chord(self, modifier: str, key: str) -> None:
    ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

  def fill(self, label: str, text: str) -> None:
    """Types a text in the place of the one that is there."""
    element = self.field(label)
    element.send_keys(Keys.CONTROL, "a")
    element.send_keys(text if text else Keys.DELETE)

  def focus(self) -> Dict[str, str]:
    """What has the focus."""
    return dict(
      self.js("""
      const e = document.activeElement;
      const label = e.labels?.[0]?.textContent ?? "";
      return { tag: e.tagName.toLowerCase(), id: e.id, type: e.type ?? "", class: e.className?.toString() ?? "",
        text: (e.getAttribute("aria-label") ?? (label || e.textContent)).replace(/\\s+/g, " ").trim().slice(0, 120) };
    """))

  def names(self) -> List[str]:
    """The schedules of the list, in its order."""
    return list(self.js("return [...document.querySelectorAll('table.list .row-link')].map((e) => e.textContent)"))

  def row(self, name: str) -> str:
    """What a row says, with the whole text of each cell."""
    return str(
      self.js(
        """
      const link = [...document.querySelectorAll("table.list .row-link")].find((e) => e.textContent === arguments[0]);
      return link ? link.closest("tr").innerText : "";
    """, name))

  def cell(self, name: str, kind: str) -> str:
    return str(
      self.js(
        """
      const link = [...document.querySelectorAll("table.list .row-link")].find((e) => e.textContent === arguments[0]);
      return link?.closest("tr").querySelector(`td.${arguments[1]}`)?.innerText ?? "";
    """, name, kind))

  def search(self, words: str) -> None:
    self.find("#search", "Search name, label, task, queue")
    box = self.all("#search")[0]
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(words if words else Keys.DELETE)

  def is_live(self) -> None:
    self.see("#live", "^Live$", 60)

  def close_messages(self) -> None:
    self.js("for (const each of document.querySelectorAll('#toasts .toast')) each.remove()")

  # --- what went wrong inside ---

  def trouble(self, allowed: Sequence[str] = ()) -> List[str]:
    """Errors of scripts, violations of the policy, alerts, and the browser's log, since the last call.

    A server's refusal is in the log as well: a step names those that it brings about.
    """
    found = [
      f"browser log: {entry['message']}" for entry in self.driver.get_log("browser")
      if entry["level"] in ("SEVERE", "WARNING")
    ]
    try:
      found += self.js("const all = window.__trouble ?? []; window.__trouble = []; return all")
    except WebDriverException as error:
      found.append(f"the page does not answer: {error.msg}")
    return [text for text in found if not any(re.search(pattern, text) for pattern in allowed)]

  def forget_shifts(self) -> None:
    self.js("window.__shifts.length = 0")

  def shifts(self) -> List[Any]:
    return list(self.js("return window.__shifts"))

  def settle(self, seconds: float = 0.5) -> None:
    """Waits for what cannot be seen: that nothing more happens."""
    time.sleep(seconds)
