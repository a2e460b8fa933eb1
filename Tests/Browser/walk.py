"""A walk through the page of `beat-watch web` in a browser. scripts/browser says how it is run."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import re
import sys
import tempfile
import time
from typing import List

from selenium.common.exceptions import WebDriverException

import finding  # noqa: F401
import editing  # noqa: F401
import keyboard  # noqa: F401
import hostile_texts  # noqa: F401
import layout  # noqa: F401
import people  # noqa: F401
import accessibility  # noqa: F401
import outages  # noqa: F401
import scale  # noqa: F401
import scenes
from browser import Browser
from stage import PROJECT, Elsewhere, Failed, Stage
from steps import STEPS, Step, World

OUTPUT = PROJECT / ".build/browser"
#: What a browser says of the connections of the server that lays files over the page.
OVERLAID = (r"ERR_SOCKET_NOT_CONNECTED",)


def take(step: Step, world: World) -> List[str]:
  """Takes one step. Returns what is wrong."""
  wrong: List[str] = []
  try:
    step.run(world)
  except Elsewhere as error:
    print(f"      not in this store: {error}", flush=True)
  except (Failed, WebDriverException, AssertionError, OSError) as error:
    text = str(error).split("Stacktrace:")[0].strip()
    wrong.append(text if isinstance(error, Failed) else f"{type(error).__name__}: {text}")
  with contextlib.suppress(WebDriverException):
    if wrong:
      picture = world.browser.picture("failed-" + re.sub(r"\W+", "-", step.name)[:60])
      wrong[0] += f" [{picture.relative_to(PROJECT)}]"
  wrong += [
    f"the page is not well: {text}" for text in world.browser.trouble(step.allowed + OVERLAID * bool(world.stage.files))
  ]
  return wrong


def walk(world: World, steps: List[Step]) -> int:
  """The number of steps that failed."""
  failed = 0
  for step in steps:
    began = time.monotonic()
    wrong = take(step, world)
    failed += bool(wrong)
    print(f"  {'WRONG' if wrong else 'ok   '} {time.monotonic() - began:5.1f} s  {step.name}", flush=True)
    for each in wrong:
      print(f"    {each}", flush=True)
  return failed


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/browser", description=__doc__)
  parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/beat-watch", metavar="FILE")
  parser.add_argument("--short", action="store_true", help="the steps that matter most, within a minute and a half")
  parser.add_argument("--mongo",
                      action="store_true",
                      help="with schedules in MongoDB: what scripts/setup --test installs for the tests")
  parser.add_argument("--only",
                      action="append",
                      default=[],
                      metavar="WORDS",
                      help="steps with these words in their names, or of this part: " +
                      ", ".join(sorted({s.part for s in STEPS.values()})))
  parser.add_argument("--pictures",
                      action="store_true",
                      help="pictures of each view at three widths in both themes, instead of the steps")
  parser.add_argument("--screenshots",
                      type=pathlib.Path,
                      metavar="FOLDER",
                      help="the two pictures of the README, instead of the steps")
  parser.add_argument("--page",
                      type=pathlib.Path,
                      metavar="FOLDER",
                      help="try the page's files of this folder in the place of those in the program")
  parser.add_argument("--axe", type=pathlib.Path, metavar="FILE", help="axe-core's axe.min.js")
  options = parser.parse_args()
  steps = [
    each for each in STEPS.values()
    if not (options.short and each.is_long) and not (options.mongo and each.is_redis) and
    (not options.only or any(words == each.part or words in each.name for words in options.only))
  ]
  OUTPUT.mkdir(parents=True, exist_ok=True)
  for old in OUTPUT.glob("failed-*.png"):
    old.unlink()
  port = 6379 if options.screenshots else 0
  with tempfile.TemporaryDirectory(prefix="browser-") as folder, \
      Stage(pathlib.Path(folder), options.program.resolve(), port, options.mongo) as stage:
    stage.files = options.page and options.page.resolve()
    stage.start_daemon("--history", "1000")
    page = stage.page("web")
    with contextlib.closing(Browser(OUTPUT)) as browser:
      world = World(stage, page, browser, options.short)
      world.axe = options.axe.read_text() if options.axe else ""
      if options.screenshots:
        scenes.readme(world, options.screenshots.resolve())
        return 0
      if options.pictures:
        scenes.pictures(world)
        return 0
      began = time.monotonic()
      failed = walk(world, steps)
  if not steps:
    print("no step has such a name")
    return 1
  print(f"{len(steps)} steps in {time.monotonic() - began:.0f} s, {failed} wrong")
  return 1 if failed else 0


if __name__ == "__main__":
  sys.exit(main())
