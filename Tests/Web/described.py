"""Calls of all kinds that schemathesis makes from the API's own description: no error of the server, and answers that
are as described."""

import re
import subprocess

import time

from arena import PROJECT, Failed
from register import attack
from webstage import document

SECONDS = 55  # for each user
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,allow_header_conformance")


def explore(a, who, visitor, checks):
  stage = a.stage
  for n in range(3):
    stage.put(f"described-{n}", document(f"described-{n}"))
  described = visitor.get("/api/v1/openapi.json")
  if not a.holds(described.status == 200 and "paths" in (described.json or {}),
                 f"{who}: there is no description: {described}"):
    return
  program = PROJECT / ".build/schemathesis/bin/schemathesis"
  if not program.exists():
    raise Failed("schemathesis is not installed: scripts/web-attacks --schemathesis installs it")
  folder = stage.folder / "schemathesis"
  folder.mkdir(exist_ok=True)
  (folder / "openapi.json").write_bytes(described.body)
  words = [
    program, "run", folder / "openapi.json", "--url", f"http://127.0.0.1:{visitor.site.port}/api/v1", "--checks",
    checks, "--phases", "examples,coverage,fuzzing", "--max-time",
    str(SECONDS), "--max-examples", "60", "--no-shrink", "--continue-on-failure", "--request-timeout", "15", "--seed",
    "18", "--warnings", "off", "--exclude-path", "/events", "--exclude-path-regex", "^/session$", "--no-color", "-H",
    f"X-CSRF-Token: {visitor.csrf}"
  ]
  if visitor.cookie:
    words += ["-H", f"Cookie: {visitor.cookie}"]
  log = PROJECT / ".build" / "web" / f"schemathesis-{who.replace(' ', '-')}.log"
  begin = time.monotonic()
  with open(log, "w") as output:
    process = subprocess.Popen(["nice", *map(str, words)],
                               cwd=folder,
                               stdin=subprocess.DEVNULL,
                               stdout=output,
                               stderr=subprocess.STDOUT)
    try:
      status = process.wait(SECONDS + 30)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
      status = None
  text = log.read_text(errors="replace")
  counted = re.search(r"([\d,]+) generated", text) or re.search(r"Test cases:\s*\n\s*([\d,]+)", text)
  a.tried += int(counted.group(1).replace(",", "")) if counted else 0
  a.note(
    f"{who}: {counted.group(1) if counted else '?'} calls in {time.monotonic() - begin:.0f} s; {log.relative_to(PROJECT)}"
  )
  kinds, left_out = failures(text)
  for kind, operations in kinds.items():
    a.holds(False, f"{who}: {kind}: {', '.join(sorted(operations)[:6])}")
  a.holds(status == 0 or kinds or left_out and status == 1, f"{who}: schemathesis ends with {status}: {text[-300:]}")


# What the server refuses before it knows that the API is meant; it says so as text.
NOT_READ = ("the target is no path with a query", "the target has more than")


def failures(text):
  """({what is wrong: the operations}, how many are left out), as the report tells it."""
  found, operation, left_out = {}, "?", 0
  for block in re.split(r"(?m)^(?=_{3,} )|^(?=\d+\. Test Case ID)",
                        text.partition("= FAILURES =")[2].partition("= SUMMARY =")[0]):
    if title := re.match(r"_+ (.+?) _+$", block, re.M):
      operation = title.group(1)
    if any(words in block for words in NOT_READ):
      left_out += 1
      continue
    for kind in re.findall(r"(?m)^- (.+)$", block):
      found.setdefault(kind, set()).add(operation)
  return found, left_out


@attack("schemathesis, as an editor", "schemathesis", short=False)
def as_editor(a):
  """Every call, with good and bad data."""
  explore(a, "an editor", a.stage.editor(), CHECKS)


@attack("schemathesis, as a viewer", "schemathesis", short=False)
def as_viewer(a):
  """The same; nothing may have changed afterwards."""
  stage = a.stage

  def stored():
    # The victim fires, so that the daemon writes to it.
    keys = [key for key in stage.client("KEYS", "tasks:meta:*") if key != b"tasks:meta:victim"]
    return {key: stage.client("GET", key) for key in keys}
  # What an editor has left behind may fire, too.
  for key in stored():
    stage.client("DEL", key)
  for n in range(3):
    stage.put(f"described-{n}", document(f"described-{n}"))
  before = stored()
  explore(a, "a viewer", stage.logged_in("victor"), CHECKS)
  after = stored()
  a.holds(before == after,
          f"a viewer has changed {[k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]}")
