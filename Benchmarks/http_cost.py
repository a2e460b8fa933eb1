"""What the endpoint takes of a daemon that has nothing to do: scripts/bench monitoring cost.

Its memory without the endpoint, with it, and after some scrapes; and the processor time of a scrape, which is that of
some seconds with scrapes less that of as many seconds without.
"""

from http_scene import HTTPScene
from scene import idle_documents, note, smaps

SCRAPES = 100
RATE = 5  # Scrapes a second. The text is written ten times a second at most, so that each of these is written anew.


def measure(options):
  result = {"schedules": options.schedules}
  for name in ("without", "with"):
    with HTTPScene("monitoring") as scene:
      scene.begin()
      scene.load(idle_documents(options.schedules))
      if name == "with":
        scene.start_listening(options.program)
      else:
        scene.start_daemon(program=options.program)
      scene.settle()
      scene.rest(2)
      result[name] = smaps(scene.daemon.pid)
      note(f"cost, {name} the endpoint: {result[name]}")
      if name == "with":
        result |= scraped(scene)
      scene.end_daemon()
  return result


def scraped(scene):
  seconds = SCRAPES // RATE
  before = scene.processor()
  scene.rest(seconds)
  idle = scene.processor() - before
  before = scene.processor()
  asked = scene.ask(scene.endpoint, ["/metrics"], SCRAPES, RATE)
  busy = scene.processor() - before
  scene.rest(2)
  return {
    "idle_us_a_second": round(idle / 1000 / seconds), "scrape_us": round((busy - idle) / 1000 / SCRAPES),
    "scrape_p50_ms": asked["p50_ms"], "scrape_p99_ms": asked["p99_ms"], "bytes": asked["bytes"],
    "after_scrapes": smaps(scene.daemon.pid)}


def show(result):
  for name, what in (("without", "without --http-listen"), ("with", "with it"),
                     ("after_scrapes", f"... after {SCRAPES} scrapes")):
    print(
      f"{result['schedules']:,} schedules, {what}: private dirty {result[name]['Private_Dirty'] / 2**20:.2f} MiB, "
      f"resident {result[name]['Rss'] / 2**20:.2f} MiB")
  print(
    f"a scrape: {result['scrape_us']} us of processor time, answered in p50 {result['scrape_p50_ms']} ms, p99 "
    f"{result['scrape_p99_ms']} ms, {result['bytes']:,} bytes; nothing asked: {result['idle_us_a_second']} us a second")
