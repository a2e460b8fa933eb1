"""The page with many schedules: scripts/bench web.

`beat-watch web` beside a daemon that has nothing to do: the seconds until it has read all schedules, its memory then
and after the requests, and how long lists and searches take, one after the other on one connection.
"""

from http_scene import HTTPScene
from scene import Bystanders, idle_documents, note, smaps

SETTLE = 5


def questions(count):
  """What is asked, in turns of several paths where one alone could be a lucky one."""
  path = "/api/v1/schedules?limit=100"
  some = [number * count // 10 for number in range(10)]
  return {
    "the first page of the list": [path],
    "a page from the middle, by the next run": [f"{path}&sort=next&offset={count // 2}"],
    "a search that one is found by": [f"{path}&search=idle:{number}" for number in some[1:]],
    "a search that all are found by": [f"{path}&search=idle"],
    "two words, by the last run": [f"{path}&search=bench%20{number}&sort=-last_run" for number in range(10, 20)],
    "the page itself": ["/"]}


def measure(options):
  with HTTPScene("web") as scene:
    scene.begin()
    scene.load(idle_documents(options.loaded))
    scene.start_daemon(program=options.program)
    scene.settle()
    others = Bystanders(scene)
    web, seconds = scene.start_page(options.program)
    note(f"web: {options.loaded} schedules are there after {seconds:.2f} s")
    scene.rest(SETTLE)
    result = {"loaded": options.loaded, "index_s": round(seconds, 2), "settled": smaps(web.pid), "questions": {}}
    for what, paths in questions(options.loaded).items():
      result["questions"][what] = scene.ask(scene.page, paths, options.requests)
      note(f"web, {what}: {result['questions'][what]}")
    scene.rest(SETTLE)
    result["others_share"] = others.share()
    result["after_requests"] = smaps(web.pid)
    scene.forget(web, "beat-watch web")
    scene.end_daemon()
  return result


def show(result):
  print(f"{result['loaded']:,} schedules: the index is loaded {result['index_s']} s after the start; other "
        f"programs kept {result['others_share']:.0%} of the processors busy")
  for name, what in (("settled", "settled"), ("after_requests", "after the requests")):
    print(
      f"{what}: private dirty {result[name]['Private_Dirty'] / 2**20:.1f} MiB, resident "
      f"{result[name]['Rss'] / 2**20:.1f} MiB")
  print("\n| asked for | p50 | p99 | bytes |\n| --- | --- | --- | --- |")
  for what, part in result["questions"].items():
    print(f"| {what} | {part['p50_ms']} ms | {part['p99_ms']} ms | {part['bytes']:,} |")
