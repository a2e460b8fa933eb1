"""What must be seen by nobody: passwords, tokens, cookies, and what a viewer has no business with."""

import pathlib
import re

from register import attack
from visitors import Connection, Visitor, request
from webstage import PASSWORD, document, id_of


@attack("passwords of store and broker in what viewers and editors see", "leaks")
def passwords(a):
  """The URLs have a password. No answer of the page, its events, its errors, nor /metrics and /readyz has it."""
  stage = a.stage
  id = stage.put("seen", document("seen"))
  visitors = {
    "an editor": stage.editor(), "a viewer": stage.logged_in("victor"), "nobody": Visitor(stage.site("tokens"))
  }
  targets = [
    "/", "/api/v1/session", "/api/v1/schedules", "/api/v1/facets", f"/api/v1/schedules/{id}",
    f"/api/v1/schedules/{id}/explanation", f"/api/v1/schedules/{id}/runs", "/api/v1/runs", "/api/v1/system",
    "/api/v1/system/doctor", "/api/v1/system/activity", "/api/v1/openapi.json", "/api/v1/nothing"
  ]
  for who, visitor in visitors.items():
    for target in targets:
      answer = visitor.get(target)
      a.holds(PASSWORD not in answer.text and PASSWORD not in str(answer.fields),
              f"{who} sees the password at {target}")
      a.holds(
        str(stage.folder) not in answer.text or who != "nobody", f"nobody sees a folder of the machine at {target}")
    with Connection(visitor.site.address, timeout=3) as events:
      events.send(request("GET", f"/api/v1/events?ids={id}", visitor.fields()))
      a.holds(PASSWORD.encode() not in events.rest(1.2), f"{who} sees the password in events")
  for target in ("/metrics", "/readyz", "/livez", "/nothing"):
    a.holds(PASSWORD not in Visitor(stage.endpoint).raw(request("GET", target)).text,
            f"the daemon's {target} has the password")
  # The store's own refusals quote what they were asked.
  stage.client("ACL", "SETUSER", "page", "resetpass", ">other")
  try:
    stage.client("CLIENT", "KILL", "USER", "page")
    for target in targets:
      answer = visitors["an editor"].get(target)
      a.holds(PASSWORD not in answer.text, f"the password is told at {target} when the store refuses it")
    answer = Visitor(stage.endpoint).raw(request("GET", "/readyz"))
    a.holds(PASSWORD not in answer.text, "/readyz has the password when the store refuses it")
  finally:
    stage.client("ACL", "SETUSER", "page", "resetpass", ">" + PASSWORD)
  import time
  deadline = time.monotonic() + 15
  while visitors["an editor"].get("/api/v1/system").status != 200 and time.monotonic() < deadline:
    time.sleep(0.2)
  a.holds(visitors["an editor"].get("/api/v1/system").status == 200,
          "the page does not come back when the store takes the password again")
  stage.remove("seen")


@attack("secrets in logs, command lines and messages", "leaks")
def secrets_told(a):
  """Whatever has happened so far: no log has a password, a token, a cookie or a CSRF token."""
  stage = a.stage
  anna = stage.logged_in("anna")
  Visitor(anna.site, "127.0.0.9").call("POST", "/api/v1/session", {"token": stage.tokens["anna"][:-1] + "x"})
  anna.call("POST", "/api/v1/schedules",
            {"name": "told", "document": document("told", kwargs={"password": "in-a-document"})})
  anna.call("POST", "/api/v1/schedules",
            {"name": "told", "document": document("told", kwargs={"password": "in-a-document"})})
  anna.call("POST", f"/api/v1/schedules/{id_of('told')}/run")
  words = {
    "the password": PASSWORD, "a token": stage.tokens["anna"], "half a token": stage.tokens["anna"][:20],
    "a cookie": anna.cookie.partition("=")[2], "a CSRF token": anna.csrf, "a document's value": "in-a-document"
  }
  for name, text in stage.outputs():
    for what, word in words.items():
      a.holds(word.encode() not in text, f"{name} has {what}")
    a.holds(not re.search(rb"Fatal error|Illegal instruction|Thread \d+ crashed", text), f"{name} tells of a crash")
  for key in stage.client("KEYS", "reactivebeat:tasks:meta:*"):
    value = stage.client("DUMP", key) or b""
    for what in ("the password", "a token", "half a token", "a cookie", "a CSRF token"):
      a.holds(words[what].encode() not in value, f"the store's {key.decode()} has {what}")
  for watcher in [*stage.daemons, *stage.sites.values()]:
    if watcher.is_alive:
      a.holds(PASSWORD.encode() not in pathlib.Path(f"/proc/{watcher.pid}/cmdline").read_bytes(),
              f"{watcher.name}'s command line has the password")
  stage.remove("told")


@attack("the record of edits: who it names, and what it keeps", "leaks")
def recorded(a):
  """An edit is recorded under the login's own name, whatever the request says; values of documents are not in it."""
  stage = a.stage
  key = "reactivebeat:tasks:meta:edits"
  stage.client("DEL", key)
  anna = stage.logged_in("anna")
  anna.always = [("X-Remote-User", "bert"), ("X-Forwarded-For", "192.0.2.1"), ("From", "bert"), ("Via", "x\u0085y")]
  odd = "odd \u202e\n\x1b[31m"
  for name in ("by-anna", odd):
    made = anna.call("POST", "/api/v1/schedules",
                     {"name": name, "document": document("x", kwargs={"password": "in-a-document"}), "user": "bert"})
    a.holds(made.status in (201, 422), f"it was not made: {made}")
    anna.call("POST", f"/api/v1/schedules/{id_of(name)}/disable", {"user": "bert"})
  anna.call("POST", "/api/v1/bulk", {"action": "enable", "ids": [id_of("by-anna")], "user": "bert"})
  entries = stage.client("XRANGE", key, "-", "+")
  a.holds(len(entries) >= 3, f"{len(entries)} edits are recorded")
  for _, fields in entries:
    entry = dict(zip(fields[::2], fields[1::2]))
    a.holds(entry.get(b"user") == b"anna", f"an edit is recorded as {entry.get(b'user')}")
    a.holds(entry.get(b"origin") == b"web from 127.0.0.1", f"an edit is recorded from {entry.get(b'origin')}")
    for word in (b"in-a-document", b"bert", b"192.0.2.1", anna.csrf.encode(), anna.cookie.partition("=")[2].encode()):
      a.holds(word not in b"\n".join(fields), f"the record has {word}")
  victor = stage.logged_in("victor")
  victor.call("POST", f"/api/v1/schedules/{id_of('by-anna')}/disable")
  a.holds(len(stage.client("XRANGE", key, "-", "+")) == len(entries), "what was refused is recorded as an edit")
  stage.remove("by-anna", odd)


@attack("URLs with passwords as options: the command line", "leaks")
def command_line(a):
  """An option is in `ps` for all users of the machine, so a password in one must be warned of or taken out."""
  from logins import run_briefly
  status, text = run_briefly(a.stage, ["--listen", "127.0.0.1:0", "--store-url", f"redis://:{PASSWORD}@127.0.0.1:1/1"],
                             2)
  a.holds(PASSWORD not in text, f"the message has the password: {text[:200]}")
  a.note(f"with a password in an option: status {status}")


@attack("the fields that every response must have", "leaks")
def fields(a):
  """Content-Security-Policy, nosniff, no frames, no referrer, on every answer of the page so far, errors too."""
  for site in a.stage.sites.values():
    a.tried += 1
    for (status, name), text in sorted(site.bare.items()):
      a.holds(False, f"{site.name}: {status} without {name}: {text!r}")
  editor = a.stage.editor()
  for target in ("/api/v1/session", "/api/v1/schedules", "/api/v1/nothing", "/api/v1/system"):
    answer = editor.get(target)
    a.holds("no-store" in (answer["Cache-Control"] or ""),
            f"{target} may be kept by a browser: {answer['Cache-Control']}")
  for target in ("/", "/assets/page.css", "/nothing"):
    answer = editor.get(target)
    a.holds(not any("server" == name.lower() or name.lower().startswith("x-powered") for name, _ in answer.fields),
            f"{target} tells the server's make")
