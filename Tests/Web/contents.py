"""What stands in bodies, ids, parameters and documents: nothing of it may end the process, or be answered with 500."""

import base64
import json
import random
import time

import owned
from measures import memory
from register import attack
from visitors import Connection, NoAnswer, Visitor, request
from webstage import document, id_of

DEEP = 500_000


def quoted(text):
  return json.dumps(text).encode()


def bodies():
  """(name, bytes) of bodies that are no good JSON object, or one that is hostile."""
  yield "nothing", b""
  for text in (b"null", b"[]", b"1", b'"x"', b"{", b"}", b"{]", b"{,}", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{'a':1}",
               b"{a:1}", b"{}{}", b"{} x", b"\xef\xbb\xbf{}", b"\x00", b"{}\x00", b"\xff\xfe{\x00}\x00",
               b'{"a":"\xff"}', b'{"a":"\x00"}', b'{"a":"\n"}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b'{"a":01}',
               b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":1e}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":0x10}',
               b'{"a":tru}', b"{\"a\":/**/1}", b"\x0b{}", b"\xc2\xa0{}", b"name=x&document=y"):
    yield repr(text), text
  for name, text in {
      "brackets": b"[" * DEEP, "closed brackets": b"[" * DEEP + b"]" * DEEP, "objects": b'{"a":' * DEEP,
      "closed objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP, "quotes": b'"' * DEEP,
      "backslashes": b'{"name":"' + b"\\" * DEEP + b'"}', "commas": b"{" + b"," * DEEP + b"}",
      "blanks": b" " * 2 * DEEP + b"{}", "many members": b"{" + b",".join(b'"a%d":1' % n for n in range(50_000)) + b"}",
      "one member 50,000 times": b"{" + b",".join([b'"name":"x"'] * 50_000) + b"}",
      "digits": b'{"name":' + b"9" * DEEP + b"}", "an exponent": b'{"name":1e' + b"9" * DEEP + b"}"
  }.items():
    yield name, text


def members():
  """Values for a member where text is expected, as JSON."""
  for text in (b"null", b"1", b"true", b"[]", b"{}", b'""', b'" "', b"-0", b"1e999", b"-1e999",
               b"123456789012345678901234567890", b'"\\u0000"', b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\ud800"',
               b'"\\udc00\\ud800"', b'"\\ud800x"', b'"\\ud83d\\ude00"', b'"\\u202e"', b'"\\ufeff"', b'"\\uffff"',
               b'"*"', b'"../x"', b'"a/b"', b'"\\u0001\\u001f\\u007f\\u0085"', b'["x"]', b'{"x":"x"}'):
    yield text
  yield quoted("n" * 1024)
  yield quoted("n" * 1025)
  yield quoted("e" + "\u0301" * 511)
  yield quoted("n" * 1_000_000)
  yield b'"' + b"\\u0000" * 100_000 + b'"'
  yield quoted("\U0001f600" * 256)


def no_error(a, what, answer, limit=10):
  a.holds(answer.status < 500, lambda: f"{what}: {answer}")
  if answer["Content-Type"] == "application/json":
    a.holds(answer.json is not None, lambda: f"{what}: an answer that is no JSON: {answer.text[:100]!r}")


CALLS = [("POST", "/api/v1/schedules", ("name", "document")), ("POST", "/api/v1/check", ("id", "name", "document")),
         ("PUT", "/api/v1/schedules/{id}", ("document", "seen")), ("DELETE", "/api/v1/schedules/{id}", ("seen", )),
         ("POST", "/api/v1/schedules/{id}/rename", ("name", )), ("POST", "/api/v1/schedules/{id}/run", ()),
         ("POST", "/api/v1/schedules/{id}/enable", ()), ("POST", "/api/v1/schedules/{id}/disable", ()),
         ("POST", "/api/v1/bulk", ("action", "ids")), ("POST", "/api/v1/session", ("token", )),
         ("DELETE", "/api/v1/session", ())]


@attack("JSON bombs as the bodies of all calls", "contents")
def bombs(a):
  """Depth, huge numbers, doubled members, lone surrogates, NUL, names of a megabyte."""
  editor = a.stage.editor()
  id = a.stage.put("bombed", document("bombed"))
  for method, target, _ in CALLS:
    target = target.replace("{id}", id)
    # A run by hand waits for the daemon; its body is read like the others'.
    for what, body in bodies():
      if a.is_short and len(body) > 10_000 and ("run" in target or "enable" in target or "disable" in target):
        continue
      begin = time.monotonic()
      answer = editor.call(method, target, body)
      no_error(a, f"{method} {target} with {what[:40]}", answer)
      a.holds(len(answer.body) < 20_000, f"{method} {target} with {what[:40]}: an answer of {len(answer.body):,} bytes")
      a.holds(time.monotonic() - begin < 5,
              f"{method} {target} with {what[:40]} takes {time.monotonic() - begin:.1f} s")
  a.stage.remove("bombed")


@attack("hostile members in the bodies of all calls", "contents")
def hostile_members(a):
  """Each member in turn is of another type, no text, too long, or half a character."""
  stage, editor = a.stage, a.stage.editor()
  before = set(stage.client("KEYS", "tasks:meta:*"))
  for method, target, names in CALLS[:-2]:
    for name in names:
      for value in members():
        id = stage.put("aimed", document("aimed"))
        good = {
          "name": quoted("made"), "document": quoted(document("made")), "id": b"null", "seen": quoted("0" * 40),
          "action": b'"enable"', "ids": b'["YWJj"]'
        }
        body = b"{" + b",".join(b'"%s":%s' % (key.encode(), value if key == name else good[key])
                                for key in names) + b"}"
        answer = editor.call(method, target.replace("{id}", id), body)
        no_error(a, f"{method} {target} with {name} = {value[:30]!r}", answer)
        a.holds(
          len(answer.body) < 100_000 or answer.status < 300,
          f"{method} {target}, {name} = {value[:30]!r}: {len(answer.body):,} bytes")
  for key in set(stage.client("KEYS", "tasks:meta:*")) - before:
    a.holds(len(key) <= 11 + 1024, f"a name of {len(key) - 11:,} bytes was stored")
    stage.client("DEL", key)
  for ids in ([], [""] * 200, ["YWJj"] * 200, ["YWJj"] * 201, ["x" * 3000] * 200, [1], [None], [[]], ["\ud800"], "YWJj",
              {"0": "YWJj"}):
    for action in ("enable", "run", "delete", "", "ENABLE", 1):
      if action == "run" and isinstance(ids, list) and len(ids) == 200:
        continue
      answer = editor.call("POST", "/api/v1/bulk", {"action": action, "ids": ids})
      no_error(a, f"bulk {action} of {str(ids)[:30]}", answer)


IDS = [
  "", "=", "==", "a", "YQ==", "YQ=", "YR", "YQ.", "Y Q", "YQ%20", "%20", "+w", "-w", "_w", "a/b", "a%2fb", "YQ%00",
  "%00", "%ff", "....", "..", ".", "%2e%2e", "*", "?", "YQ?x=1", "YQ#", "\u00e9", "%c3%a9", "YWJj\u0301", "x" * 1367,
  "x" * 4000, "A" * 7000, "0", "-1", "null", "undefined", "[object%20Object]", "__proto__", "constructor", "%e2%80%ae",
  "AA", "AAAA", "____", "----", "YWJjZA", "YWJjZB", "YWJjZE", "YWI", "YWJ", "%59%51", "%5FQ", "YQ;x", "YQ,YQ", "YQ&YQ",
  "YQ+", "YQ%3D%3D", "YQ%3d"
]


@attack("ids of every malformed shape", "contents")
def ids(a):
  """Each name has one id; another spelling is none, and no shape is an error of the server."""
  stage, editor = a.stage, a.stage.editor()
  stage.put("a", document("a"))
  for id in IDS:
    for method, more in (("GET", ""), ("GET", "/explanation"), ("GET", "/runs"), ("PUT", ""), ("DELETE", ""),
                         ("POST", "/rename"), ("POST", "/enable")):
      path = f"/api/v1/schedules/{id}{more}"
      target = path.encode().decode("latin-1") if not path.isascii() else path
      content = {"document": document("a"), "seen": "0" * 40, "name": "never"}
      answer = editor.call(method, target, content) if method != "GET" else editor.get(target)
      # A query in an id belongs to the path before it; runs are told of schedules that are gone.
      is_list = id == "" and not more or more == "/runs" and valid(id)
      if "?" in id or id == "%59%51":
        a.holds(answer.status < 500, f"{method} {target[:50]}: {answer}")
      else:
        a.holds(400 <= answer.status < 500 or is_list and answer.status == 200, f"{method} {target[:50]}: {answer}")
    query = id.replace("#", "%23").replace("&", "%26").encode().decode("latin-1")
    if query and not valid(query):
      with Connection(editor.site.address, timeout=3) as connection:
        connection.send(request("GET", "/api/v1/events?ids=" + query, editor.fields()))
        a.holds((status := connection.head()[0]) in (400, 414), f"events for {id[:30]!r}: {status}")
  stage.remove("a", "never")


def valid(id):
  """Whether events for these ids are a stream."""
  parts = [part for part in id.replace("%59%51", "YQ").replace("%5F", "_").split(",") if part]
  try:
    return all(
      id_of(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) == part and part.isascii() for part in parts)
  except ValueError:
    return False


@attack("events for as many long names as a page shows", "contents")
def long_ids(a):
  """200 ids are allowed, and names may have 1,024 bytes: rows in sight must be told whatever their names."""
  visitor = a.stage.site().visitor()
  for size in (10, 50, 100):
    ids = ",".join(id_of(f"{n:04}" + "n" * (size - 4)) for n in range(200))
    with Connection(visitor.site.address, timeout=5) as connection:
      connection.send(request("GET", "/api/v1/events?ids=" + ids, visitor.fields()))
      status = connection.head()[0]
    a.holds(status == 200, f"200 ids of names of {size} bytes, {len(ids):,} bytes: {status}")


PARAMETERS = {
  "/api/v1/schedules": ("search", "state", "task", "queue", "owner", "due_within", "sort", "offset", "limit"),
  "/api/v1/runs": ("limit", ), "/api/v1/system/activity": ("minutes", ), "/api/v1/facets": (), "/api/v1/system": (),
  "/api/v1/schedules/YQ/runs": ("limit", )
}
VALUES = [
  "", "0", "-1", "1", "200", "201", "1e3", "0x10", "+5", "%2b5", "1_000", "9223372036854775807", "9223372036854775808",
  "-9223372036854775808", "99999999999999999999999", "nan", "inf", "-inf", "1e308", "1e-320", "0.0000001", "1000000000",
  "999999999.9999999", "-0", "%00", "%ff", "%ed%a0%80", "%f4%90%80%80", "%20", "%09%0a", "x" * 1024, "x" * 1025,
  "%cc%81" * 300, "%e2%80%ae", "%c4%b0" * 200, "%e1%ba%9e", "%ef%ac%83", "enabled", "enabled,,rejected", ",",
  ",".join(["enabled"] * 500), "--name", "-", "-last_run", "+".join("abcdefghijklmnop"), "+".join("abcdefghijklmnopq"),
  "%25", "%", "[]", "{}", "*", "\\", "'", "%22", "%d9%a1", "%ef%bc%91", "true", "null"
]


@attack("parameters of every shape", "contents")
def parameters(a):
  """Numbers at and over every edge, text that is none, doubled and unknown parameters."""
  editor = a.stage.editor()
  a.stage.put("a", document("a"))
  for path, names in PARAMETERS.items():
    for name in [*names, "unknown", "%00", ""]:
      for value in VALUES:
        answer = editor.get(f"{path}?{name}={value}")
        no_error(a, f"{path}?{name}={value[:30]}", answer)
      for query in (f"{name}", f"{name}=1&{name}=1", f"{name}=1&{name}=2", f"&&{name}=1&&", f"=={name}",
                    f"{name}=1?{name}=1", f"{name}[]=1", f"{name};x=1"):
        no_error(a, f"{path}?{query}", editor.get(f"{path}?{query}"))
  for query in ("offset=100000000&limit=200", "offset=99999999&sort=-late",
                "sort=-next&state=rejected&search=a&due_within=1000000000"):
    answer = editor.get("/api/v1/schedules?" + query)
    a.holds(answer.status == 200, f"?{query}: {answer}")
  a.stage.remove("a")


def hostile_documents():
  """(name, document) of what other clients may have put into the store."""
  deep = "[" * 62 + "]" * 62
  yield "64 levels", document("64 levels").replace("}}", '}, "kwargs": {"a": ' + deep + "}}")
  yield "64 levels of objects", document("x").replace("}}", '}, "kwargs": ' + '{"a":' * 62 + "1" + "}" * 62 + "}")
  yield "65 levels", document("65 levels").replace("}}", '}, "kwargs": {"a": ' + "[" * 70 + "]" * 70 + "}}")
  yield "100,000 levels", document("x").replace("}}", '}, "args": ' + "[" * 100_000 + "]" * 100_000 + "}")
  filler = (1 << 20) - len(document("x")) - len(', "args": [""]') - 2
  yield "1 MiB", document("x")[:-1] + ', "args": ["' + "x" * filler + '"]}'
  yield "1 MiB of escapes", document("x")[:-1] + ', "args": ["' + "\\u0001" * (filler // 6) + '"]}'
  yield "1 MiB of controls", document("x")[:-1] + ', "args": ["' + "\u0085" * (filler // 2) + '"]}'
  yield "1 MiB of fields", document("x")[:-1] + "".join(f', "f{n}": {n}' for n in range(50_000)) + "}"
  yield "1 MiB of args", document("x")[:-1] + ', "args": [' + "1," * 400_000 + "1]}"
  yield "2 MiB", document("x")[:-1] + ', "args": ["' + "x" * (2 << 20) + '"]}'
  yield "one field 50,000 times", document("x")[:-1] + ', "same": 1' * 50_000 + "}"
  yield "n" * 1024, document("x")
  yield "n" * 1025, document("x")
  yield "\u0301" * 512, document("x")
  yield b"\xff" * 1024, document("x")
  yield b"\x00" * 10, document("x")
  yield b"", document("x")
  yield "\r\n\t\u2028", document("x")
  yield "../../etc", document("x")
  yield "no text", b"\xff\xfe\x00"
  yield "empty", b""
  yield "surrogates", document("x")[:-1] + ', "args": ["\\ud800", "\\udc00\\ud800"], "task": "\\ud800"}'
  for n, more in enumerate(
    [{"total_run_count": 9223372036854775807}, {"total_run_count": -9223372036854775808}, {"total_run_count": 1e400},
     {"total_run_count": 10**400}, {"last_run_at": "9999-12-31T23:59:59.999999Z"
                                    }, {"last_run_at": "0001-01-01T00:00:00Z"}, {"last_run_at": 9223372036854775807},
     {"last_run_at": -9223372036854775808}, {"last_run_at": 1e300}, {"last_run_at": {"$date": 9223372036854775807}},
     {"last_run_at": {"__type__": "datetime", "year": 9999, "month": 12,
                      "day": 31}}, {"start_after": "9999-12-31T23:59:59Z"}, {"expires": 9223372036854775807},
     {"expires": "9999-12-31T23:59:59Z"}, {"expires": -1}, {"max_run_count": 9223372036854775807},
     {"interval": {"every": 9223372036854775807,
                   "period": "days"}}, {"interval": {"every": 1, "period": "microseconds"}},
     {"interval": {"every": 1e-300, "period": "days"}}, {"interval": {"every": 100000000, "period": "days"}},
     {"jitter": 9223372036854775807}, {"jitter": 1e300}, {"catchup_window": 1e300}, {"priority": 9223372036854775808}, {
       "timezone": "Antarctica/Troll", "interval": None,
       "crontab": {"minute": "30", "hour": "2", "day_of_month": "29", "month_of_year": "2"}
     }, {"timezone": "../../etc/passwd", "interval": None, "crontab": {"minute": "*"}
         }, {"interval": None, "crontab": {"minute": "1," * 20_000 + "1"}
             }, {"interval": None, "crontab": {"day_of_year": "366", "day_of_week": "3", "minute": "0"}
                 }, {"interval": None, "clocked": "9999-12-31T23:59:59Z"
                     }, {"interval": None, "solar": {"event": "sunrise", "latitude": 90, "longitude": 1e300}
                         }, {"interval": None, "rrule": "FREQ=SECONDLY;INTERVAL=99999999999999999999"
                             }, {"label": "\u202e" * 100_000}, {"queue": "q" * 500_000}, {"task": "t" * 500_000},
     {"catchup": "all", "last_run_at": "1970-01-01T00:00:00Z", "interval": {"every": 1, "period": "milliseconds"}}, {
       "enabled": False, "catchup": "all", "last_run_at": "1000-01-01T00:00:00Z",
       "interval": {"every": 1, "period": "milliseconds"}
     }]):
    text = json.loads(document(f"odd{n}")) | more
    yield f"odd{n}", json.dumps({key: value
                                 for key, value in text.items() if value is not None}).replace("Infinity", "1e400")


@attack("hostile documents in the store, through every call", "contents")
def documents(a):
  """64 levels and more, 1 MiB, names of 1,024 bytes, numbers and times at every edge: shown, explained, checked, changed."""
  stage, editor = a.stage, a.stage.editor()
  before = memory(editor.site.pid)[0]
  names, slowest = [], (0, "")
  with Connection(editor.site.address, timeout=10) as events:
    # Each of 1 MiB takes a second for all calls together.
    pairs = [pair for pair in hostile_documents() if not (a.is_short and str(pair[0]).startswith("1 MiB of"))]
    ids = ",".join(id_of(name) for name, _ in pairs if name and len(name) < 100)
    events.send(request("GET", "/api/v1/events?ids=" + ids, editor.fields()))
    a.holds((status := events.head()[0]) == 200, f"events: {status}")
    for name, text in pairs:
      names.append(name)
      id = stage.put(name, text)
      begin = time.monotonic()
      shown = name[:20]
      for more in ("", "/explanation", "/runs"):
        answer = editor.get(f"/api/v1/schedules/{id}{more}")
        no_error(a, f"{shown!r}{more}", answer)
        a.holds(not name or answer.status in (200, 404, 422) or len(name) > 1024, f"{shown!r}{more}: {answer}")
      raw = (text if isinstance(text, bytes) else text.encode()).decode(errors="replace")
      no_error(a, f"check of {shown!r}", editor.call("POST", "/api/v1/check", {"id": id, "document": raw}))
      no_error(a, f"check of {shown!r} as new",
               editor.call("POST", "/api/v1/check", {"id": None, "name": "new", "document": raw}))
      slowest = max(slowest, (time.monotonic() - begin, repr(shown)))
      digest = (editor.get(f"/api/v1/schedules/{id}").json or {}).get("digest", "0" * 40)
      no_error(a, f"disable {shown!r}", editor.call("POST", f"/api/v1/schedules/{id}/disable"))
      no_error(a, f"enable {shown!r}", editor.call("POST", f"/api/v1/schedules/{id}/enable"))
      no_error(a, f"save {shown!r}",
               editor.call("PUT", f"/api/v1/schedules/{id}", {"document": raw, "seen": digest or "0" * 40}))
      no_error(a, f"rename {shown!r}", editor.call("POST", f"/api/v1/schedules/{id}/rename", {"name": "victim"}))
      # A run by hand waits for its answer, which a document that is set aside never gets.
      if not a.is_short and len(names) % 8 == 0:
        no_error(a, f"run {shown!r}", editor.call("POST", f"/api/v1/schedules/{id}/run"))
    for sort in ("name", "task", "state", "next", "last_run", "late", "count"):
      for sign in ("", "-"):
        answer = editor.get(f"/api/v1/schedules?sort={sign}{sort}&limit=200")
        a.holds(answer.status == 200 and answer.json is not None, f"the list by {sign}{sort}: {answer}")
        a.holds(len(answer.body) < 8 << 20, f"the list has {len(answer.body):,} bytes")
    for word in ("x", "%cc%81", "n" * 1000, "%e2%80%ae", "%00"):
      no_error(a, f"a search for {word[:20]}", editor.get(f"/api/v1/schedules?search={word}"))
    for target in ("facets", "runs?limit=500", "system", "system/doctor", "system/activity"):
      no_error(a, target, editor.get("/api/v1/" + target))
    text = events.rest(1.5).decode(errors="replace")
    for line in text.splitlines():
      a.holds("\r" not in line, "an event has a CR in it")
  a.note(f"the slowest: {slowest[1]}, {slowest[0]:.1f} s for three reads and two checks")
  a.holds(slowest[0] < 10, f"{slowest[1]} takes {slowest[0]:.1f} s for three reads and two checks")
  a.holds(memory(editor.site.pid)[0] - before < 192, f"{memory(editor.site.pid)[0] - before:.0f} MiB more")
  stage.remove(*names)


@attack("documents that differ at their deepest place", "contents")
def deep_differences(a):
  """What compares two documents goes as deep as they do, and no deeper than it can."""
  stage, editor = a.stage, a.stage.editor()
  for levels in (10, 58, 60, 61, 62, 63, 64, 65, 200, 5_000, 80_000):
    for left, right in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")):
      depth = levels // 2 if left.startswith("[{") else levels

      def text(value):
        return document("deep")[:-1] + ', "kwargs": {"a": ' + left * depth + value + right * depth + "}}"
      id = stage.put("deep", text("1"))
      seen = (editor.get(f"/api/v1/schedules/{id}").json or {}).get("digest") or "0" * 40
      for content in ("2", "1.0", '"1"', "[]", "1"):
        no_error(a, f"check, {depth} of {left}", editor.call("POST", "/api/v1/check", {"id": id, "document": text(content)}))
      for content in ("2", "1 "):
        answer = editor.call("PUT", f"/api/v1/schedules/{id}", {"document": text(content), "seen": seen})
        no_error(a, f"save, {depth} of {left}", answer)
        seen = (answer.json or {}).get("digest", seen)
      no_error(a, f"disable, {depth} of {left}", editor.call("POST", f"/api/v1/schedules/{id}/disable"))
  wide = [f'"f{n}": {{"a": [{n}, {{"b": "x"}}]}}' for n in range(8_000)]
  id = stage.put("deep", document("deep")[:-1] + ', "kwargs": {' + ", ".join(wide) + "}}")
  begin = time.monotonic()
  body = document("deep")[:-1] + ', "kwargs": {' + ", ".join(reversed(wide)) + ' , "z": 1}}'
  no_error(a, "check of a wide one", editor.call("POST", "/api/v1/check", {"id": id, "document": body}))
  a.holds(time.monotonic() - begin < 5, f"8,000 members in another order take {time.monotonic() - begin:.1f} s")
  stage.remove("deep")


@attack("garbage in the daemon's own keys", "contents")
def own_keys(a):
  """Watermarks, receipts, daemons, history, the lease and the application's manifest are of other types, or no text."""
  stage, editor = a.stage, a.stage.editor()
  own = b"reactivebeat:tasks:meta:"
  names = ["odd", "fine"]
  for name in names:
    stage.put(name, document(name))
  kept = {key: stage.client("TYPE", key) for key in stage.client("KEYS", own + b"*")}
  targets = [
    "schedules", "facets", "runs", "system", "system/doctor", "system/activity", f"schedules/{id_of('odd')}",
    f"schedules/{id_of('odd')}/explanation", f"schedules/{id_of('odd')}/runs"
  ]

  def look(what, some=targets):
    for target in some:
      answer = editor.get("/api/v1/" + target)
      a.holds(answer.status in (200, 503, 404), lambda: f"{what}: {target}: {answer}")
      a.holds(answer.json is not None, f"{what}: {target}: no JSON")

  for text in owned.GARBAGE:
    stage.client("HSET", own + b"mark", "odd", text)
    stage.client("HSET", own + b"receipts", "odd", text)
    stage.client("HSET", own + b"daemons", "0" * 16, text)
    stage.client("XADD", own + b"history", "*", "name", text, "id", text, "due", text, "late", text, "why", text)
    look(
      f"garbage {bytes(text if isinstance(text, bytes) else text.encode())[:20]!r}",
      ["schedules?sort=-late", f"schedules/{id_of('odd')}", f"schedules/{id_of('odd')}/explanation", "system", "runs"])
  edge = ["9223372036854775807", "-9223372036854775808", "18446744073709551616", "0", "-1", "1e308", ""]
  for due in edge:
    for late in edge:
      stage.client("XADD", own + b"history", "*", "name", "odd", "id", "x", "due", due, "late", late, "why", "schedule",
                   "fired", due)
    stage.client("HSET", own + b"mark", "odd", due)
  stage.client("HSET", own + b"mark", "odd", "%020d||1|00000000|" % (1 << 62))
  look("numbers at the edge")
  stage.client("HDEL", own + b"daemons", "0" * 16)
  for key, kind in (("mark", "list"), ("receipts", "list"), ("daemons", "string"), ("history", "string"),
                    ("application", "list"), ("outbox", "string"), ("edits", "string"), ("manual", "string")):
    saved = stage.client("DUMP", own + key.encode())
    stage.client("DEL", own + key.encode())
    stage.client("SET" if kind == "string" else "LPUSH", own + key.encode(), "x")
    look(f"{key} is a {kind}")
    stage.client("DEL", own + key.encode())
    if saved:
      stage.client("RESTORE", own + key.encode(), 0, saved)
  a.note(f"own keys: {len(kept)}")
  stage.client("DEL", own + b"history")
  stage.client("HDEL", own + b"mark", "odd")
  stage.client("HDEL", own + b"receipts", "odd")
  stage.remove(*names)


@attack("a store that is away, slow and back", "contents")
def store_away(a):
  """The page says so with 503, stands still for nobody, and goes on when the store is back."""
  stage, editor = a.stage, a.stage.editor()
  import signal
  stage.redis.signal(signal.SIGSTOP)
  try:
    begin = time.monotonic()
    for target in ("/", "/api/v1/session", "/assets/page.css", "/api/v1/schedules"):
      answer = editor.get(target)
      a.holds(answer.status == 200, f"{target} beside a store that stands still: {answer}")
    a.holds(time.monotonic() - begin < 2, f"four requests that need no store take {time.monotonic() - begin:.1f} s")
    good = Visitor(a.stage.endpoint).raw(request("GET", "/livez"))
    a.holds(good.status == 200, f"/livez: {good}")
  finally:
    stage.redis.signal(signal.SIGCONT)
  answer = editor.get("/api/v1/system")
  a.holds(answer.status in (200, 503), f"the system afterwards: {answer}")


@attack("bytes at random, from good requests", "contents")
def random_bytes(a):
  """Good requests that are damaged at random: the process goes on, and no answer is an error of the server."""
  stage, editor = a.stage, a.stage.editor()
  rng = random.Random(18)
  id = stage.put("random", document("random"))
  good = [
    request("GET", "/api/v1/schedules?search=a&sort=-next&limit=10", editor.fields()),
    request("GET", f"/api/v1/schedules/{id}", editor.fields()),
    request("GET", f"/api/v1/events?ids={id}", editor.fields()),
    request("GET", "/assets/page.css", {"If-None-Match": '"x"'})
  ]
  for method, target, names in CALLS:
    body = json.dumps(
      {name: {"ids": [id], "action": "disable", "document": document("random")}.get(name, "r")
       for name in names}).encode()
    good.append(request(method, target.replace("{id}", id), editor.fields({"Content-Type": "application/json"}), body))
  pieces = [
    b"\x00", b"\xff", b"\r\n", b"\r\n\r\n", b" ", b":", b"%", b"%00", b"/", b"..", b'"', b"{", b"[" * 50, b"\\u",
    b"\\ud800", b"9" * 30, b"-", b"", b"\xc3", b"?", b"&", b"="
  ]
  for round in range(400 if a.is_short else 4000):
    data = bytearray(rng.choice(good))
    for _ in range(rng.randrange(1, 5)):
      at = rng.randrange(len(data))
      data[at:at + rng.randrange(0, 4)] = rng.choice(pieces)
    for name, place in (("page", editor.site), ("daemon", stage.endpoint)):
      try:
        with Connection(place.address, timeout=0.05 if round % 2 else 0.02) as connection:
          connection.send(bytes(data))
          status = connection.head()[0]
          a.holds(status < 500 or status == 505, f"{name}: {bytes(data)[:120]!r}: {status}")
      except (NoAnswer, OSError):
        a.tried += 1
    if round % 200 == 199 and stage.ended():
      a.holds(False, f"within 200 requests before round {round} of seed 18")
      break
  stage.remove("random")
