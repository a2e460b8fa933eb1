"""Requests that two programs could read differently, targets that lead elsewhere, and methods that nobody needs."""

import time

from register import attack
from visitors import Connection, NoAnswer, Visitor, request


def places(stage):
  """(name, who serves, a good target) of the page and the daemon's endpoint."""
  return [("page", stage.site(), "/api/v1/session"), ("daemon", stage.endpoint, "/livez")]


def statuses(place, data, seconds=1.5):
  """The statuses of all responses to some bytes, until the connection ends or nothing more comes."""
  found = []
  with Connection(place.address, timeout=seconds) as connection:
    try:
      connection.send(data)
      while True:
        answer = connection.response()
        place.saw(answer)
        found.append(answer.status)
    except (NoAnswer, OSError) as error:
      return found, "ended" in str(error) or "reset" in str(error)


GOOD = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
H = b"Host: 127.0.0.1\r\n"


def smugglers():

  def post(fields, body=b""):
    return b"POST /api/v1/session HTTP/1.1\r\n" + H + fields + b"\r\n" + body

  yield "CL.TE", post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + GOOD)
  yield "TE.CL", post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n" + GOOD)
  for coding in (b"chunked", b"Chunked", b"xchunked", b"chunked, identity", b"identity", b"\x0bchunked", b"",
                 b"gzip, chunked"):
    yield f"TE {coding!r}", post(b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n" + GOOD)
  for field in (b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding\t: chunked",
                b"Transfer-Encoding:\r\n chunked", b"Transfer_Encoding: chunked\r\nTransfer-Encoding: chunked",
                b"X: y\rTransfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked",
                b"Transfer-Encoding\0: chunked", b"Transfer-\xe2\x84\xaancoding: chunked"):
    yield repr(field), post(b"Content-Length: 0\r\n" + field + b"\r\n", b"0\r\n\r\n" + GOOD)
  for length in (b"+0", b"-0", b"-1", b"0x0", b"0,0", b"0, 0", b"0 0", b"", b"1e0", b"\xd9\xa0", b"0\x0b", b"0;0",
                 b"00x", b"99999999999999999999", b"18446744073709551616", b"9223372036854775808", b"0.0"):
    yield f"Content-Length {length!r}", post(b"Content-Length: " + length + b"\r\n", GOOD)
  yield "two lengths", post(b"Content-Length: 0\r\nContent-Length: 45\r\n", GOOD)
  yield "two equal lengths", post(b"Content-Length: 0\r\nContent-Length: 0\r\n", GOOD)
  for line in (b"GET  /livez HTTP/1.1", b"GET /livez  HTTP/1.1", b"GET\t/livez\tHTTP/1.1", b" GET /livez HTTP/1.1",
               b"GET /livez", b"GET /livez HTTP/1.1 ", b"GET /livez http/1.1", b"GET /livez HTTP/1.01",
               b"GET /livez HTTP/2.0", b"GET /livez HTTP/0.9", b"GET /livez HTTP/1.1\x00", b"GET /livez\x00 HTTP/1.1",
               b"\x00GET /livez HTTP/1.1", b"G\xc3\x89T /livez HTTP/1.1", b"GET /l\xc3\xa9 HTTP/1.1",
               b"GET(x) /livez HTTP/1.1", b"GET /\x7f HTTP/1.1", b"PRI * HTTP/2.0", b"GET /livez HTTP/11",
               b"GET /livez HTTP/1.", b"GET /livez HTTP/1.1\r"):
    yield f"the line {line!r}", line + b"\r\n" + H + b"\r\n" + GOOD
  for fields in (b"X\x00: y\r\n", b"X: \x00\r\n", b"X: \x7f\r\n", b"X: a\x1bb\r\n", b": y\r\n", b"X\r\n", b"X y: z\r\n",
                 b"X: y\r\n folded\r\n", b"X: y\r\n\tfolded\r\n", b"Host: 127.0.0.1\r\n", b"Host : x\r\n",
                 b"\xff\xfe: x\r\n"):
    yield f"the fields {fields!r}", b"GET /livez HTTP/1.1\r\n" + H + fields + b"\r\n" + GOOD
  yield "no Host", b"GET /livez HTTP/1.1\r\n\r\n" + GOOD
  yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00\r\n\r\n" * 40
  yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04" + b"\x00" * 20


@attack("request smuggling: what two programs could read differently", "framing")
def smuggled(a):
  """One refusal, and then the end of the connection: what stands behind it is never carried out."""
  for name, place, _ in places(a.stage):
    for what, data in smugglers():
      found, has_ended = statuses(place, data)
      a.holds(len(found) == 1 and found[0] >= 400, f"{name}: {what}: {found}")
      a.holds(has_ended, f"{name}: {what}: the connection goes on")
    if a.is_short:
      continue
    # A lone LF ends no line, so such a head is never complete.
    found, _ = statuses(place, b"GET /livez HTTP/1.1\nHost: 127.0.0.1\n\n", 7)
    a.holds(all(status >= 400 for status in found), f"{name}: lines that end with LF: {found}")


@attack("pipelining: answers in their order, in any cuts", "framing")
def pipelined(a):
  """Forty requests at once, byte by byte, with bodies, and a last one that ends the connection."""
  for name, place, target in places(a.stage):
    data = request("GET", target) * 40 + request("GET", target, {"Connection": "close"}) + request("GET", target)
    found, has_ended = statuses(place, data)
    a.holds(found == [200] * 41 and has_ended, f"{name}: forty at once: {len(found)} answers")
    mixed = request("GET", target) + request("GET", "/none") + request("HEAD", "/none2" if name == "page" else "/none")
    with Connection(place.address) as connection:
      for byte in mixed:
        connection.send(bytes([byte]))
      got = [connection.response().status, connection.response().status, connection.response(True).status]
    a.holds(got == [200, 404, 404], f"{name}: byte by byte: {got}")
  editor = a.stage.editor()
  body = b'{"id": null, "name": "p", "document": "{}"}'
  check = request("POST", "/api/v1/check", editor.fields({"Content-Type": "application/json"}), body)
  found, _ = statuses(editor.site, check * 20 + request("GET", "/"))
  a.holds(found == [200] * 21, f"twenty checks and a page: {found}")
  # What is sent behind a request for events is no request.
  with Connection(editor.site.address, timeout=2) as connection:
    connection.send(request("GET", "/api/v1/events", editor.fields()) + request("GET", "/smuggled") * 50)
    a.holds(connection.head()[0] == 200, "events with requests behind them are refused")
    text = connection.rest(1.5)
    a.holds(b"HTTP/1.1" not in text, "a request behind a stream is answered inside of it")
  # Interim answers, and expectations that are none.
  with Connection(editor.site.address, timeout=5) as connection:
    head = request(
      "POST", "/api/v1/check",
      editor.fields([("Content-Type", "application/json"), ("Expect", "100-continue"), ("Content-Length", len(body))]))
    connection.send(head)
    a.holds(connection._line() == b"HTTP/1.1 100 Continue", "there is no 100 Continue")
    connection._line()
    connection.send(body)
    a.holds((status := connection.response().status) == 200, f"a check behind 100 Continue: {status}")
  answer = Visitor(editor.site).raw(request("GET", "/", {"Expect": "200-ok"}))
  a.refused("another expectation", answer, 417)


TARGETS = [
  "/../etc/passwd", "/assets/../../etc/passwd", "/assets/..%2f..%2fetc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd",
  "/assets/%2e%2e%2fetc%2fpasswd", "/assets/..\\..\\etc\\passwd", "/assets/..%5c..%5cetc", "/assets/%252e%252e/x",
  "//etc/passwd", "/assets//etc/passwd", "/assets/./page.css", "/./assets/page.css", "/assets/page.css/",
  "/assets/page.css/.", "/assets/", "/assets", "/assets/page.css%00", "/assets/page.css%00.html", "/%00",
  "/assets/%c0%ae%c0%ae/x", "/assets/%ff", "/assets/%", "/assets/%2", "/assets/%zz", "/assets/openapi.json",
  "/assets/Page.css", "/assets/.git", "/Package.swift", "/index.html", "/etc/passwd", "/proc/self/environ",
  "/assets%2fpage.css", "/assets/page.css;x", "/assets/page.css%0d%0aX:y", "/api", "/api/", "/api/v1", "/api/v1/",
  "/api/v2/schedules", "/api/v1//schedules", "/api/v1/../v1/session", "/api/v1/%73chedules%2f", "/API/v1/session",
  "/api/v1/schedules/../session", "/api/v1/schedules/YQ/nothing", "/api/v1/schedules/YQ/runs/x",
  "/api/v1/schedules/YQ//runs", "/api/v1/session/x", "/api%2fv1%2fsession", "/%61pi/v1/nothing",
  "/?" + "a" * 7000 + "/..", "/favicon.ico/..", "/#", "/assets/#x", "/{}", "/|"
]


@attack("paths that lead elsewhere", "framing")
def paths(a):
  """The page is made of files in the program; no path leads to another, and none is mended."""
  site = a.stage.site()
  for target in TARGETS:
    answer = Visitor(site).raw(request("GET", target))
    if target.startswith("/?"):
      continue
    a.refused(target[:60], answer, 400, 404)
    a.holds(b"root:" not in answer.body and b"PATH=" not in answer.body, f"{target}: a file of the machine")
    a.holds(answer["Location"] is None, f"{target}: it is redirected to {answer['Location']}")
  for target in ("/livez/../metrics", "//livez", "/livez/", "/%6civez", "/metrics%00", "/livez?x=%zz", "/..",
                 "/livez/x", "/METRICS"):
    answer = Visitor(a.stage.endpoint).raw(request("GET", target))
    a.holds(answer.status in (400, 404) or target == "/%6civez", f"the daemon: {target}: {answer.status}")


@attack("header injection: CR and LF in what is reflected", "framing")
def injected(a):
  """A line break in a path, a query, a name or a token must not begin a field of the answer."""
  editor = a.stage.editor()
  for breaks in ("%0d%0a", "%0a", "%0d", "%e5%98%8a%e5%98%8d", "%00", "%c2%85", "%e2%80%a8"):
    evil = f"{breaks}Set-Cookie:%20reactivebeat_session=evil{breaks}{breaks}%3Cb%3E"
    for target in (f"/{evil}", f"/api/v1/{evil}", f"/api/v1/schedules/{evil}", f"/api/v1/schedules?sort={evil}",
                   f"/api/v1/schedules?{evil}=1", f"/api/v1/events?ids={evil}", f"/assets/{evil}"):
      answer = editor.get(target)
      a.holds(answer["Set-Cookie"] is None, f"{target}: a cookie is set")
      a.refused(target, answer, 400, 404)
      a.holds("\r" not in answer.text and answer.text.count("\n") <= 1, f"{target}: the break is told as it is")
  for text in ("x\r\nSet-Cookie: a=b", "\r\n\r\n<b>", "\n", "\x00", "\u0085", "\u2028"):
    answer = Visitor(a.stage.site("tokens")).call("POST", "/api/v1/session", {"token": text})
    a.holds(answer["Set-Cookie"] is None and answer.status in (401, 429), f"a token with {text!r}: {answer}")
    answer = editor.call("POST", f"/api/v1/schedules/{'YWJj'}/rename", {"name": text})
    a.holds(answer.status < 500 and answer["Set-Cookie"] is None, f"a name with {text!r}: {answer}")
  for field in ("If-None-Match", "Origin", "Cookie", "Accept", "User-Agent", "X-CSRF-Token", "Sec-Fetch-Site"):
    found, _ = statuses(editor.site, request("GET", "/", {field: b"x\rSet-Cookie: a=b"}) + request("GET", "/"))
    a.holds(found[:1] == [400] and len(found) == 1, f"a CR in {field}: {found}")


@attack("methods: HEAD, OPTIONS, TRACE, CONNECT and others", "framing")
def methods(a):
  """HEAD is a GET without a body; nothing is echoed; what is not known is refused and told what there is."""
  editor, endpoint = a.stage.editor(), a.stage.endpoint
  for target in ("/", "/assets/page.css", "/api/v1/session", "/api/v1/schedules", "/api/v1/system",
                 "/api/v1/openapi.json"):
    with Connection(editor.site.address) as connection:
      connection.send(request("HEAD", target, editor.fields()) + request("GET", "/none"))
      head, after = connection.response(True), connection.response()
    a.holds(head.status == 200 and after.status == 404, f"HEAD {target}: {head.status}, then {after.status}")
    a.holds(int(head["Content-Length"] or 0) > 0, f"HEAD {target} tells no length")
  for method in ("OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "Get", "X" * 3000, "$#!", "DELETE", "PUT",
                 "POST"):
    for target in ("/", "/assets/page.css", "/api/v1/schedules", "/api/v1/system", "/api/v1/events"):
      if target == "/api/v1/schedules" and method == "POST":
        continue
      answer = editor.ask(method, target, [("X-Secret", "echo-me"), ("Content-Type", "application/json")], b"{}")
      a.refused(f"{method[:20]} {target}", answer, 405, 400)
      a.holds(answer.status != 405 or answer["Allow"], f"{method[:20]} {target}: no Allow")
      a.holds(b"echo-me" not in answer.body, f"{method[:20]} {target} echoes")
    answer = Visitor(endpoint).raw(request(method, "/metrics"))
    a.refused(f"the daemon: {method[:20]}", answer, 405)
  for data in (b"CONNECT 127.0.0.1:6379 HTTP/1.1\r\n" + H + b"\r\n", b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n"):
    for name, place, _ in places(a.stage):
      found, _ = statuses(place, data)
      a.holds(found == [400], f"{name}: {data[:20]!r}: {found}")
  with Connection(endpoint.address) as connection:
    connection.send(request("HEAD", "/metrics") + request("GET", "/livez"))
    a.holds(
      connection.response(True).status == 200 and connection.response().body == b"ok\n", "HEAD /metrics has a body")
  found, _ = statuses(a.stage.site(), request("GET", "/", {"Upgrade": "websocket", "Connection": "Upgrade"}))
  a.holds(found == [200], f"an upgrade: {found}")


@attack("oversized heads, fields and bodies", "framing")
def oversized(a):
  """Each limit is told by a status, and at once, however much is still to come."""
  for name, place, target in places(a.stage):
    cases = [("a target of 70,000", request("GET", "/" + "a" * 70_000), (414, )),
             ("a target of 1 MB", request("GET", "/" + "a" * 1_000_000), (414, )),
             ("101 fields", request("GET", target, [("X", "y")] * 101), (431, )),
             ("50,000 fields", request("GET", target, [("X", "y")] * 50_000), (431, )),
             ("a field of 90,000", request("GET", target, {"X": "y" * 90_000}), (431, )),
             ("a name of 90,000", request("GET", target, {"x" * 90_000: "y"}), (431, )),
             ("a method of 1 MB", b"M" * 1_000_000 + b" / HTTP/1.1\r\n\r\n", (400, 414, 431)),
             ("1 MB without a line", b"x" * 1_000_000, (400, 414, 431)),
             ("1 MB of empty lines", b"\r\n" * 500_000, (400, 408, 431)),
             ("a body of 2 GB", request("POST", target,
                                        {"Content-Type": "application/json", "Content-Length": 1 << 31}), (413, )),
             ("a length of 2^63 - 1", request("POST", target, {"Content-Length": (1 << 63) - 1}), (413, ))]
    for what, data, allowed in cases:
      begin = time.monotonic()
      found, _ = statuses(place, data, 8)
      a.holds(len(found) == 1 and found[0] in allowed or not found and len(data) > 100_000, f"{name}: {what}: {found}")
      a.holds(time.monotonic() - begin < 7.5, f"{name}: {what}: it takes {time.monotonic() - begin:.1f} s")
  editor = a.stage.editor()
  for size in (6_300_000, 6_400_000):
    body = b'{"name": "x", "document": "' + b"x" * size + b'"}'
    try:
      answer = editor.call("POST", "/api/v1/schedules", body)
      a.refused(f"a body of {size:,}", answer, 413, 400)
    except NoAnswer as error:
      a.holds(False, f"a body of {size:,}: {error}")
