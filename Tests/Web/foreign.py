"""Pages of other sites that use the browser of somebody who may edit: CSRF, DNS rebinding, and what a browser would
make of an answer."""

import json

from register import attack
from visitors import Visitor, request
from webstage import document, id_of

BODY = json.dumps({"name": "forged", "document": document("forged")}).encode()
JSON = ("Content-Type", "application/json")


def unforged(a, what, answer, *statuses):
  a.refused(what, answer, *(statuses or (400, 401, 403, 415, 421)))
  a.holds(a.stage.stored("forged") is None, f"{what}: the schedule was made")
  a.stage.remove("forged")


def changes(id):
  """Every call that changes something: (method, target, content)."""
  return [("POST", "/api/v1/schedules", {"name": "forged", "document": document("forged")}),
          ("POST", "/api/v1/check", {"id": None, "name": "forged", "document": document("forged")}),
          ("PUT", f"/api/v1/schedules/{id}", {"document": document("other"), "seen": "0" * 40}),
          ("DELETE", f"/api/v1/schedules/{id}", {"seen": "0" * 40}),
          ("DELETE", f"/api/v1/schedules/{id}?seen=" + "0" * 40, {}), ("POST", f"/api/v1/schedules/{id}/run", {}),
          ("POST", f"/api/v1/schedules/{id}/rename", {"name": "forged"}),
          ("POST", f"/api/v1/schedules/{id}/enable", {}), ("POST", f"/api/v1/schedules/{id}/disable", {}),
          *(("POST", "/api/v1/bulk", {"action": action, "ids": [id]})
            for action in ("enable", "disable", "delete", "run"))]


@attack("CSRF: forms, other types, tokens that are missing, foreign, doubled", "foreign")
def forged(a):
  """What another site's page can send with the editor's cookie."""
  kept = a.stage.put("kept", document("kept"))
  for kind in ("open", "tokens"):
    editor = a.stage.editor(kind)
    port = editor.site.port

    def send(what, fields, csrf=False, body=BODY, statuses=()):
      unforged(a, f"{kind}: {what}", editor.ask("POST", "/api/v1/schedules", fields, body, csrf), *statuses)

    good = ("X-CSRF-Token", editor.csrf)
    send("no token", [JSON])
    for what, token in (("an empty token", ""), ("a token of zeros", "0" * len(editor.csrf)), ("half a token",
                                                                                               editor.csrf[:-1]),
                        ("a longer token", editor.csrf + "0"), ("a token in capitals", editor.csrf.upper() + "A"),
                        ("another page's token",
                         a.stage.site("read-only").visitor().csrf), ("two in one", f"{editor.csrf}, {editor.csrf}")):
      send(what, [JSON, ("X-CSRF-Token", token)])
    send("the token twice", [JSON, good, good])
    send("a wrong token first", [JSON, ("X-CSRF-Token", "0" * 64), good])
    send("the token in another field", [JSON, ("X_CSRF_Token", editor.csrf), ("X-Csrf", editor.csrf)])
    for type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
                 "text/plain;charset=application/json", "application/jsonx", "text/json", ""):
      send(f"Content-Type {type or 'empty'}, with the token", [("Content-Type", type), good])
      send(f"Content-Type {type or 'empty'}, without a token", [("Content-Type", type)])
    send("no Content-Type, with the token", [good])
    send("two Content-Types", [JSON, ("Content-Type", "text/plain"), good])
    send("a form with the token in it", [("Content-Type", "application/x-www-form-urlencoded")],
         body=b"X-CSRF-Token=" + editor.csrf.encode() + b"&name=forged")
    for origin in ("null", "http://evil.example", "https://evil.example", "http://127.0.0.1",
                   f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}", f"http://127.0.0.1:{port}.evil.example",
                   f"http://evil.example@127.0.0.1:{port}", f"http://127.0.0.1:{port}/", f"ftp://127.0.0.1:{port}", "",
                   "file://", f"http://127.0.0.1:{port} http://x"):
      answer = editor.ask("POST", "/api/v1/schedules", [JSON, good, ("Origin", origin)], BODY, False,
                          f"127.0.0.1:{port}")
      unforged(a, f"{kind}: Origin {origin!r}", answer)
    own = f"http://127.0.0.1:{port}"
    for pair in ((own, "http://evil.example"), ("http://evil.example", own), (own, own)):
      answer = editor.ask("POST", "/api/v1/schedules", [JSON, good, *(("Origin", o) for o in pair)], BODY, False,
                          f"127.0.0.1:{port}")
      if pair != (own, own):
        unforged(a, f"{kind}: two Origins {pair}", answer)
      a.stage.remove("forged")
    for site in ("cross-site", "same-site", "Cross-Site", "x", ""):
      for mode in ("cors", "no-cors", "navigate"):
        fields = [JSON, good, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode)]
        unforged(a, f"{kind}: Sec-Fetch-Site {site!r}, {mode}",
                 editor.ask("POST", "/api/v1/schedules", fields, BODY, False))
    for pair in (("same-origin", "cross-site"), ("cross-site", "same-origin")):
      fields = [JSON, good, *(("Sec-Fetch-Site", site) for site in pair)]
      unforged(a, f"{kind}: two Sec-Fetch-Sites {pair}", editor.ask("POST", "/api/v1/schedules", fields, BODY, False))
    # Every call that changes something, and each method that carries no body.
    for method, target, content in changes(kept):
      body = json.dumps(content).encode()
      answer = editor.ask(method, target, [JSON], body, False)
      a.refused(f"{kind}: {method} {target} without the token", answer, 403)
      answer = editor.ask(method, target, [("Content-Type", "text/plain")], body, False)
      a.refused(f"{kind}: {method} {target} as text", answer, 403)
      answer = editor.ask("GET", target, [("X-HTTP-Method-Override", method), ("X-Method-Override", method)], body,
                          False)
      a.holds(answer.status != 204 and a.stage.stored("kept") is not None, f"{kind}: a method was overridden: {answer}")
    a.holds(
      json.loads(a.stage.stored("kept"))["enabled"] is True, f"{kind}: the schedule that was aimed at has changed")
  a.stage.remove("kept")


@attack("CORS: no other site may read or ask first", "foreign")
def shared(a):
  """Preflights and simple requests of another origin get no permission and no data."""
  editor = a.stage.editor()
  for target in ("/", "/api/v1/session", "/api/v1/schedules", "/api/v1/events", "/assets/main.js"):
    for method in ("OPTIONS", "GET", "HEAD"):
      answer = editor.ask(method, target, [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST"),
                                           ("Access-Control-Request-Headers", "x-csrf-token, content-type"),
                                           ("Access-Control-Request-Private-Network", "true")])
      a.refused(f"{method} {target} of another origin", answer, 403)
      allowed = [name for name, _ in answer.fields if name.lower().startswith("access-control-")]
      a.holds(not allowed, f"{method} {target}: {allowed}")
  for mode in ("no-cors", "cors", "websocket", "same-origin"):
    answer = editor.get("/api/v1/session", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", mode)])
    a.refused(f"the session for a {mode} request of another site", answer, 403)
  # A link on another site may open the page. What it opens must not be shown inside that site.
  answer = editor.get("/", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"),
                            ("Sec-Fetch-Dest", "document")])
  a.holds(answer.status == 200, f"a link of another site to the page: {answer.status}")
  answer = editor.get("/", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"),
                            ("Sec-Fetch-Dest", "iframe")])
  a.holds(answer.status == 403 or answer["X-Frame-Options"] == "DENY", "the page can be framed")


FOREIGN_HOSTS = [
  "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example.",
  "127.0.0.1.nip.io", "127.0.0.1@evil.example", "evil.example@127.0.0.1", "localhost@evil.example",
  "localhost,evil.example", "evil.example,localhost", "localhost evil.example", "localhost/evil.example",
  "localhost#evil.example", "localhost?evil", "localhost\\evil.example", "foo.localhost", "localhostx", "xlocalhost",
  "", " ", ".", ":", ":80", "[", "[]", "[::1", "::1", "::1]", "[::1]evil.example", "[::1].evil.example", "[::1]:80:80",
  "[evil.example]", "[127.0.0.1]", "[::1%25lo]", "[::1%lo]", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433",
  "127.0.0.1:", "127.0.0.1:80:80", "127.0.0.1:x", "127.0.0.1:+80", "127.0.0.1:-1", "127.0.0.1:999999", "127.0.0.1.:80",
  "127.0.0.1..", "localhost..", "beat.example.org.evil.example", "xbeat.example.org", "*.example.org", "*",
  "beat.example.org\u00e9", "\u212aocalhost", "loc\u00adalhost", "localhost\u3002", "\uff4cocalhost", "localhost\u0301",
  "1\u06f227.0.0.1", "http://127.0.0.1", "127.0.0.1\t80", "localhost;x", "localhost%00", "%6cocalhost", "localhost'",
  '"localhost"', "a" * 5000
]
HARMLESS = {"127.0.0.1:", "127.0.0.1.:80"}  # They are the same name for every reader.


@attack("DNS rebinding: names in Host", "foreign")
def rebound(a):
  """A foreign name that leads to this machine must not be this page, on any path."""
  for kind in ("open", "named"):
    site = a.stage.site(kind)
    for host in FOREIGN_HOSTS:
      for target in ("/api/v1/session", "/"):
        answer = Visitor(site).raw(request("GET", target, host=host.encode()))
        if host not in HARMLESS:
          a.refused(f"{kind}: Host {host[:60]!r} for {target}", answer, 400, 421)
          a.holds(b"csrf" not in answer.body and b"<" not in answer.body, f"{kind}: Host {host[:60]!r} gets the page")
    own = [
      "127.0.0.1", "127.0.0.1:80", "localhost", "LOCALHOST:1", "[::1]", "[::1]:9809", "192.168.1.5:9809", "localhost."
    ]
    for host in own + (["beat.example.org", "Beat.Example.ORG:443"] if kind == "named" else []):
      answer = Visitor(site).raw(request("GET", "/api/v1/session", host=host))
      a.holds(answer.status == 200, f"{kind}: Host {host} is refused: {answer}")
    answer = Visitor(site).raw(request("GET", "/", [("Host", "127.0.0.1"), ("Host", "evil.example")]))
    a.refused(f"{kind}: two Hosts", answer, 400)
    answer = Visitor(site).raw(
      request("GET", "/", [("X-Forwarded-Host", "127.0.0.1"), ("Forwarded", "host=127.0.0.1"),
                           ("Host", "evil.example")]))
    a.refused(f"{kind}: a name in X-Forwarded-Host", answer, 421)
    answer = Visitor(site).raw(request("GET", "/api/v1/session", host=None, version="HTTP/1.0"))
    a.refused(f"{kind}: HTTP/1.0 without Host", answer, 400, 421)
    for target in ("http://127.0.0.1/api/v1/session", "http://evil.example/", "//evil.example/", "*",
                   "evil.example:80"):
      answer = Visitor(site).raw(request("GET", target))
      a.refused(f"{kind}: the target {target}", answer)


@attack("DNS rebinding: the daemon's metrics", "foreign")
def rebound_metrics(a):
  """/metrics has names of schedules and places, which a foreign page must not read."""
  for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example"):
    answer = Visitor(a.stage.endpoint).raw(request("GET", "/metrics", host=host))
    a.holds(b"reactivebeat_" not in answer.body, f"Host {host} reads the metrics")


MARKUP = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>\u2028{{7*7}}${7*7}javascript:alert(3)"


@attack("XSS: markup in every field of a document", "foreign")
def marked_up(a):
  """JSON stays JSON: its type is told, is not guessed, and no answer is markup."""
  stage, editor = a.stage, a.stage.editor()
  fields = [
    "name", "task", "queue", "label", "description", "timezone", "expires", "owner", "source", "unknown" + MARKUP,
    "last_run_at", "exchange", "routing_key", "reactivebeat", "enabled", "interval", "crontab", "schedule"
  ]
  names = []
  for n, field in enumerate(fields):
    name = f"{MARKUP}{n}"
    names.append(name)
    text = json.loads(document(name)) | {field: MARKUP}
    stage.put(name, json.dumps(text))
  for n, more in enumerate([{"args": [MARKUP, {MARKUP: MARKUP}]}, {"kwargs": {MARKUP: MARKUP}},
                            {"headers": {MARKUP: MARKUP}}, {"options": {"queue": MARKUP, MARKUP: MARKUP}},
                            {"crontab": {"minute": MARKUP},
                             "interval": None}, {"interval": {"every": MARKUP, "period": MARKUP}}]):
    name = f"{MARKUP}more{n}"
    names.append(name)
    stage.put(name, json.dumps(json.loads(document(name)) | more))
  names.append(MARKUP + "broken")
  stage.put(names[-1], MARKUP)
  own = b"reactivebeat:tasks:meta:"
  stage.client("HSET", own + b"receipts", names[0], json.dumps({"state": "rejected", "reason": MARKUP}))
  stage.client("HSET", own + b"daemons", "e" * 16, json.dumps({"state": "leading", "host": MARKUP, "version": MARKUP}))
  stage.client("XADD", own + b"history", "*", "name", MARKUP, "id", MARKUP, "due", "1", "late", "1", "why", MARKUP,
               "queue", MARKUP, "daemon", MARKUP)
  targets = [
    "/api/v1/schedules?limit=200", "/api/v1/facets", "/api/v1/runs", "/api/v1/system", "/api/v1/system/doctor",
    "/api/v1/system/activity", "/api/v1/session"
  ]
  for name in names:
    targets += [f"/api/v1/schedules/{id_of(name)}{more}" for more in ("", "/explanation", "/runs")]
  quoted = "%3Cimg%20src=x%20onerror=alert(1)%3E"
  targets += [
    f"/{quoted}", f"/api/v1/{quoted}", f"/api/v1/schedules/{quoted}", f"/api/v1/schedules?{quoted}=1",
    f"/api/v1/schedules?sort={quoted}", f"/api/v1/schedules?state={quoted}", f"/api/v1/schedules?search={quoted}",
    f"/api/v1/events?ids={quoted}", f"/assets/{quoted}", f"/api/{quoted}"
  ]
  for target in targets:
    answer = editor.get(target)
    type = answer["Content-Type"] or ""
    a.holds(type in ("application/json", "text/plain; charset=utf-8"), f"{target[:60]}: Content-Type {type!r}")
    if type == "application/json":
      a.holds(answer.json is not None, f"{target[:60]}: no JSON: {answer.text[:80]!r}")
    a.holds(answer.status < 500, f"{target[:60]}: {answer}")
    a.holds(answer["X-Content-Type-Options"] == "nosniff", f"{target[:60]}: no nosniff")
    a.holds(type != "text/plain; charset=utf-8" or "<img" not in answer.text, f"{target[:60]}: reflected as text")
  for name in names[:6]:
    answer = editor.call("POST", "/api/v1/check", {"id": id_of(name), "document": MARKUP})
    a.holds(answer["Content-Type"] == "application/json" and answer.json is not None, f"check: {answer}")
  page = editor.get("/").text
  a.holds("<script>" not in page and "style=" not in page and " on" not in page.lower().replace(" on ", ""),
          "the page has script or style in its markup")
  stage.client("HDEL", own + b"daemons", "e" * 16)
  stage.client("HDEL", own + b"receipts", names[0])
  stage.remove(*names)
