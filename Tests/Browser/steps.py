"""The steps of the walk, by their names, in the order in which they are run."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, List, Sequence, Tuple

from browser import Browser
from stage import Page, Stage, identity


class World:
  """What a step finds: the servers, the page of somebody who may edit, and the browser."""

  def __init__(self, stage: Stage, page: Page, browser: Browser, is_short: bool) -> None:
    self.stage = stage
    self.page = page
    self.browser = browser
    self.is_short = is_short
    self.figures: List[str] = []
    #: Lets the browser find the rules of accessibility; empty without them.
    self.axe = ""

  def list(self, query: str = "") -> None:
    self.browser.open(f"{self.page.address}#/schedules{query}")
    self.browser.see("h1", "^Schedules$")

  def schedule(self, name: str, rest: str = "") -> None:
    self.browser.open(f"{self.page.address}#/schedules/{identity(name)}{rest}")
    self.browser.see("h1", ".")

  def edit(self, name: str) -> None:
    self.schedule(name, "/edit")
    self.browser.field("Task")

  def print(self, text: str) -> None:
    """A figure for who reads the walk's output."""
    self.figures.append(text)
    print(f"      {text}", flush=True)


@dataclasses.dataclass(frozen=True)
class Step:
  name: str
  run: Callable[[World], None]
  part: str
  #: What the browser's log may say, since the step brings it about.
  allowed: Tuple[str, ...]
  is_long: bool
  #: Only with schedules in Redis.
  is_redis: bool


STEPS: Dict[str, Step] = {}


def step(name: str, allowed: Sequence[str] = (), is_long: bool = False, is_redis: bool = False) -> Callable[[Any], Any]:
  """A step of the walk. `is_long`: the short form is without it."""

  def register(run: Callable[[World], None]) -> Callable[[World], None]:
    assert name not in STEPS, name
    STEPS[name] = Step(name, run, run.__module__, tuple(allowed), is_long, is_redis)
    return run

  return register
