"""Documents and names that are long or odd: work that grows faster than its input."""

from sets import document, hostile, key, raw

MEGABYTE = 1_000_000


def _each_second(attacker, *texts):
  """Writes each text under a name of its own, once a second."""
  for round in attacker.rounds(1):
    for index, text in enumerate(texts):
      attacker.set(f"long-{index}", text)


@hostile("task of controls", "2", short="texts")
def task_of_controls(a):
  """U+0085 half a million times as the task, written once a second, due once a second."""
  _each_second(a, document(every=1, task="\u0085" * (MEGABYTE // 2 - 200)))


@hostile("task of escapes", "2")
def task_of_escapes(a):
  """The same text as JSON escapes, and as backslashes."""
  _each_second(a, raw("", task='"' + "\\u0085" * (MEGABYTE // 6 - 100) + '"'),
               raw("", task='"' + "\\\\" * (MEGABYTE // 2 - 200) + '"'))


@hostile("task of combining marks", "2")
def task_of_combining_marks(a):
  """One letter with half a million accents; bidirectional overrides; joined emoji; unassigned characters."""
  _each_second(a, document(every=1, task="e" + "\u0301" * (MEGABYTE // 2 - 200)),
               document(every=1, task="\u202e" * (MEGABYTE // 3 - 200)),
               document(every=1, task="\U0001f468\u200d" * (MEGABYTE // 7 - 200)),
               document(every=1, task="\U000e0fff" * (MEGABYTE // 4 - 200)))


@hostile("name of controls", "2", short="texts")
def name_of_controls(a):
  """A key of a megabyte of control characters; one of C1; one of line breaks."""
  for round in a.rounds(1):
    for unit in (b"\x01", "\u0085".encode(), b"\n", b"\xff"):
      a.set(unit * (MEGABYTE // len(unit)), document(every=1))


@hostile("label of controls", "2")
def label_of_controls(a):
  """Half a megabyte of U+0085 in the fields `name`, `timezone`, `queue`, `expires`, and as a field's name."""
  text = "\u0085" * (MEGABYTE // 2 - 300)
  _each_second(a, document(every=1, name=text), document(every=1, timezone=text), document(every=1, queue=text),
               document(every=1, expires=text), document(every=1, **{text: 1}), document(every=1, last_run_at=text))


@hostile("lists of a crontab", "2", short="texts")
def lists_of_a_crontab(a):
  """A megabyte of list, of ranges, of steps, of blanks, of digits, of names, in fields of a crontab."""
  def crontab(**fields):
    return document(schedule={"crontab": fields})
  _each_second(
    a, crontab(minute="1," * (MEGABYTE // 2 - 200) + "1"), crontab(minute="0-59/1," * (MEGABYTE // 7 - 50) + "1"),
    crontab(hour="*/1," * (MEGABYTE // 4 - 100) + "1"), crontab(minute=" " * (MEGABYTE - 300)),
    crontab(day_of_month="9" * (MEGABYTE - 300)), crontab(day_of_week="mon," * (MEGABYTE // 4 - 100) + "mon"),
    crontab(minute="/" * (MEGABYTE - 300)), crontab(day_of_year=list(range(1, 150_000))))


@hostile("digits", "2")
def digits(a):
  """A megabyte of digits where a number, a date or a limit is expected; exponents without end."""
  many = "1" * (MEGABYTE - 300)
  def interval(number):
    return raw("", schedule=f'"interval": {{"every": {number}, "period": "seconds"}}')
  _each_second(
    a, interval(many), interval("0." + "0" * (MEGABYTE - 400) + "1"), interval("1e" + many), interval("1e999"),
    raw(f', "priority": {many}'), raw(f', "expires": {many}'), raw(f', "jitter": 0.{many}'), raw(f', "total_run_count": {many}'),
    raw(f', "last_run_at": {many}'), raw(f', "last_run_at": "{many}"'), raw(f', "start_after": "2026-{many}"'),
    raw(f', "last_run_at": {{"$date": "{many}"}}'), raw(f', "max_run_count": 1e{many}'))


@hostile("nesting", "2")
def nesting(a):
  """Half a megabyte of brackets, of objects, closed and open, in fields that are read and in such that are not."""
  half = MEGABYTE // 2 - 200
  _each_second(
    a, raw(', "args": ' + "[" * half + "]" * half), raw(', "kwargs": ' + '{"a":' * (MEGABYTE // 6) + "1"),
    raw(', "mine": ' + "[" * half + "]" * half), raw(', "args": [' + "[]," * (MEGABYTE // 3 - 100) + "[]]"),
    raw(', "headers": {"a": ' + "[" * 60 + "]" * 60 + "}"))


@hostile("many fields", "2", short="texts")
def many_fields(a):
  """100,000 unknown fields; one key 100,000 times; a known one; near misses; headers and options without end."""
  count = 60_000
  _each_second(
    a, raw("".join(f', "f{n}": {n}' for n in range(count))), raw(', "same": 1' * 90_000), raw(', "task": "t"' * 70_000),
    raw("".join(f', "intervall{n % 10}": 1' for n in range(50_000))),
    raw(', "options": {' + ", ".join(f'"o{n}": {n}' for n in range(count)) + "}"),
    raw(', "headers": {' + ", ".join(f'"h{n}": {n}' for n in range(count)) + "}"),
    raw(', "kwargs": {' + ", ".join('"k": 1' for _ in range(count)) + "}"))


@hostile("zones", "12")
def zones(a):
  """Names of zones that lead out of the directory, aliases of one zone without end, a megabyte of name."""
  for round in a.rounds(0.05):
    n = a.rng.randrange(1, 200)
    spelling = a.rng.choice([
      "Europe" + "/" * n + "Berlin", "Europe/" + "./" * n + "Berlin", "../" * n + "etc/passwd", "/" * n + "Europe/Berlin",
      "Europe/Berlin" + "/" * n, "posix/" * n + "Europe/Berlin", "right/Europe/Berlin", "europe/berlin", "\x00" * n,
      "Europe/Berlin\x00" + "x" * n, "Europe/../" * n + "Europe/Berlin", "/dev/zero", "/dev/stdin", "/proc/self/environ",
      ".", "..", "", "/", "~", "America/" * 50_000, "Etc/GMT+" + "9" * n, "tzdata.zi", "zone.tab", "leapseconds"])
    for zone in [spelling] + [f"Europe{'/' * a.rng.randrange(1, 5000)}Berlin" for _ in range(20)]:
      a.set(f"zone-{a.rng.randrange(500)}", document(schedule={"crontab": {"minute": "*"}}, timezone=zone))


@hostile("never due", "2", scripts=1500)
def never_due(a):
  """5,000 crontabs whose day comes rarely or never, in zones whose clocks change, with starts far away."""
  fields = [
    {"day_of_month": "30", "month_of_year": "2"}, {"day_of_month": "29", "month_of_year": "2", "day_of_week": "1"},
    {"day_of_year": "366", "day_of_week": "3"}, {"day_of_month": "31", "month_of_year": "4"},
    {"day_of_year": "60", "day_of_month": "29", "month_of_year": "2", "day_of_week": "0"},
    {"day_of_year": "1", "month_of_year": "12"}]
  zone = ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Asia/Tehran", "Australia/Lord_Howe", "Antarctica/Troll"]
  for n in range(5000):
    start = a.rng.choice([{}, {"start_after": "9999-12-31T23:59:59Z"}, {"last_run_at": "0001-01-01T00:00:00Z"}])
    a.set(f"never-{n}", document(
      schedule={"crontab": {"minute": "30", "hour": "2"} | fields[n % len(fields)]}, timezone=zone[n % 6], **start))


@hostile("damage", "2")
def damage(a):
  """A good document with bytes taken out, doubled, and swapped, at full rate over 500 names."""
  good = document(every=1, args=[1, {"a": "\u0085"}], schedule={"crontab": {"minute": "*/5"}}, timezone="Europe/Berlin",
                  last_run_at={"__type__": "datetime", "year": 2026, "month": 1, "day": 1})
  for round in a.rounds(0.01):
    for _ in range(20):
      text = bytearray(good)
      for _ in range(a.rng.randrange(1, 6)):
        at = a.rng.randrange(len(text))
        text[at:at + a.rng.randrange(0, 4)] = bytes(a.rng.choice(
          [b"", b'"', b"{", b"\\", b"\x00", b"\xff", b"9" * 50, b"\\ud800", b"null", b",", b"e", b"\xc2\x85"]))
      a.set(f"damaged-{a.rng.randrange(500)}", bytes(text))
