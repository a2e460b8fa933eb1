"""The command line beside a store that another client has filled with hostile documents, and with garbage in the
daemon's own keys. Each command must end, in bounded time and with bounded output, and print nothing that a terminal
would obey."""

import json
import re
import subprocess
import time

import owned
from arena import Arena
from sets import document, key, own, raw

SECONDS = 10  # for each command, on a busy machine and a store of some megabytes
OUTPUT = 2 << 20  # bytes, for all commands but those that print whole documents or fields
# Characters that a terminal obeys, or that change the order of text: C0 except tab and line feed, C1, bidirectional
# controls.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def fill(arena):
  """Writes some documents and keys of each kind, a few megabytes altogether."""
  put = lambda name, text: arena.client("SET", key(name), text)  # noqa: E731
  half = 500_000
  put("good", document(every=5))
  put("task of controls", document(task="\u0085" * (half // 2), args=["\u009b31m\u202e"]))
  put("\u009b31mred\u202e", document(task="\u009bH", name="\u202e"))
  put("label", document(name="\u202e" * (half // 3)))
  put("combining", document(task="e" + "\u0301" * (half // 2)))
  put("double", raw(', "same": 1' * 40_000))
  put("tasks", raw(', "task": "t"' * 40_000))
  put("near", raw("".join(f', "intervall{n % 10}": 1' for n in range(25_000))))
  put("unknown", raw("".join(f', "f{n}": {n}' for n in range(30_000))))
  put("crontab", document(schedule={"crontab": {"minute": "1," * (half // 2) + "1"}}))
  put("digits", raw(f', "jitter": 0.{"1" * half}'))
  put("deep", raw(', "args": ' + "[" * half + "]" * half))
  put("past", document(every=10, period="milliseconds", catchup="all", last_run_at="2000-01-01T00:00:00Z", enabled=False))
  put("never", document(schedule={"crontab": {"day_of_month": "29", "month_of_year": "2", "day_of_week": "1"}}))
  put("zone", document(schedule={"crontab": {"minute": "*"}}, timezone="../" * 1000 + "etc/passwd"))
  put("queue", document(queue="q" * half))
  put("too long", document(args=["x" * 2_000_000]))
  for n, name in enumerate([b"\xff" * 1000, b"\n" * 1000, b"-rf", b"--store-url=redis://nobody", b"$(touch made)",
                            b"`touch made`", b"'; touch made; '", b" ", b"", b"*", b"n" * 1_000_000, "\u0085".encode() * 400_000]):
    put(name, document(every=3600 + n))
  for n in range(2000):
    put(f"many-{n}", document(every=3600) if n % 2 else b'{"name": 1}')
  arena.client("LPUSH", key("list"), "x")
  arena.client("HSET", own("mark"), *(x for n, text in enumerate(owned.GARBAGE) for x in (f"many-{n}", text)))
  arena.client("HSET", own("receipts"), *(x for n, text in enumerate(owned.GARBAGE) for x in (f"many-{n}", text)),
               "good", b"{" * half, "many-1999", '{"state": "' + "\u009b" * half + '"}')
  arena.client("HSET", own("daemons"), *(x for n, text in enumerate(owned.GARBAGE) for x in (f"{n:016x}", text)),
               "f" * 16, '{"state": "leading", "host": "\u009b31m' + "h" * half + '", "version": "\u202e"}')
  arena.client("SET", own("heartbeat:") + b"f" * 16, "1", "PX", 120_000)
  arena.client("HSET", own("manual"), *(x for n in range(5000) for x in (f"m{n}", "9" * 20 + "|nobody")))
  for text in owned.GARBAGE + [b"h" * half]:
    arena.client("XADD", own("history"), "*", "name", text, "id", text, "due", text, "late", text, "why", text)
  arena.client("XADD", own("history"), "*", "x", "\u009b31m")
  arena.client("SET", own("epoch"), "\u009b31m")


COMMANDS = [
  ["list"], ["list", "--json"], ["list", "--names-only"], ["status"], ["status", "--json"], ["doctor"], ["doctor", "--json"],
  ["lint"], ["lint", "--json"], ["explain", "task of controls"], ["explain", "double"], ["explain", "good", "--json"],
  ["explain", "nobody"], ["explain", "crontab"], ["show", "label"], ["show", "label", "--json"], ["next", "digits"],
  ["next", "past"], ["history"], ["history", "--json"], ["export"], ["export", "--format", "crontab"], ["watch"], ["rm", "nobody"],
  ["enable", "double"], ["rename", "good", "other"]]
WHOLE = ("export", "show")  # commands that print whole documents

HEADING = f"{'command':<34} {'seconds':>7} {'status':>6} {'bytes':>10}"


def run(binary, tell):
  """Returns how many commands have failed."""
  failures = 0
  with Arena("commands", binary, has_standby=False) as arena:
    fill(arena)
    size = sum(arena.client("STRLEN", name) for name in arena.client("KEYS", key("*")) if name != key("list"))
    for words in COMMANDS:
      line, wrong = _one(arena, binary, words, OUTPUT + (4 * size if words[0] in WHOLE or words[:2] == ["list", "--json"] else 0))
      failures += bool(wrong)
      tell(line + "  " + ("ok" if not wrong else "FAILED: " + "; ".join(wrong)))
  return failures


def _one(arena, binary, words, most):
  begin, wrong = time.monotonic(), []
  command = ["setpriv", "--pdeathsig", "KILL", "--", binary, *words]
  if words[0] == "watch":
    command = ["setpriv", "--pdeathsig", "KILL", "--", "timeout", "3", binary, *words]
  process = subprocess.Popen(
    command, env=arena.environment(), cwd=arena.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    stderr=subprocess.PIPE)
  try:
    (printed, told), status = process.communicate(timeout=SECONDS + 5), process.returncode
  except subprocess.TimeoutExpired:
    process.kill()
    (printed, told), status = process.communicate(), None
  took, output = time.monotonic() - begin, printed + told
  if took > SECONDS:
    wrong.append("takes too long" if status is not None else f"goes on after {took:.0f} s")
  if status is not None and (status < 0 or status > 128):
    wrong.append(f"ends by signal {-status if status < 0 else status - 128}")
  if len(output) > most:
    wrong.append(f"prints {len(output):,} bytes, and {most:,} are allowed")
  text = output.decode(errors="replace")
  if found := CONTROL.search(text):
    around = text[max(0, found.start() - 20):found.end() + 10]
    wrong.append(f"prints U+{ord(found.group()):04X}: {around!r}")
  if "--json" in words and status == 0 and not _is_json(printed.decode(errors="replace")):
    wrong.append("its --json is none")
  if (arena.folder / "made").exists():
    wrong.append("a name was carried out by a shell")
  return f"{' '.join(words):<34} {took:>7.1f} {'-' if status is None else status:>6} {len(output):>10,}", wrong


def _is_json(text):
  try:
    json.loads(text)
    return True
  except ValueError:
    pass
  try:
    return all(json.loads(line) is not None for line in text.splitlines() if line)
  except ValueError:
    return False
