"""Sessions, tokens and proxies: who somebody is must not be taken, kept, guessed or set by others."""

import hashlib
import os

import secrets
import statistics
import subprocess
import time

from foreign import changes
from register import attack
from visitors import Connection, NoAnswer, Visitor, request
from webstage import Site, document, spawn, wait_until


def role(visitor):
  return (visitor.get("/api/v1/session").json or {}).get("role")


@attack("sessions: replayed after logout, after the token is gone, with another's cookie", "logins")
def replayed(a):
  """What has ended stays ended, also for a stream of events that is open."""
  stage = a.stage
  anna, victor = stage.logged_in("anna"), stage.logged_in("victor")
  a.holds(role(anna) == "editor" and role(victor) == "viewer", "the roles are wrong")
  thief = Visitor(anna.site)
  thief.cookie = anna.cookie
  answer = thief.call("POST", "/api/v1/schedules", {"name": "stolen", "document": document("stolen")})
  a.refused("a cookie without its CSRF token", answer, 403)
  thief.csrf = victor.csrf
  answer = thief.call("POST", "/api/v1/schedules", {"name": "stolen", "document": document("stolen")})
  a.refused("a cookie with another session's CSRF token", answer, 403)
  victor.csrf, kept = anna.csrf, victor.csrf
  a.refused("a viewer with an editor's CSRF token",
            victor.call("POST", "/api/v1/schedules", {"name": "stolen", "document": document("stolen")}), 403)
  victor.csrf = kept
  # Logout.
  with Connection(anna.site.address, timeout=5) as events:
    events.send(request("GET", "/api/v1/events", anna.fields()))
    a.holds(events.head()[0] == 200, "events are refused")
    gone = anna.ask("DELETE", "/api/v1/session")
    a.holds(gone.status == 204 and "Max-Age=0" in (gone["Set-Cookie"] or ""), f"logout: {gone}")
    a.holds(role(anna) is None, "the cookie is good after the logout")
    a.refused("a change after the logout",
              anna.call("POST", "/api/v1/schedules", {"name": "s", "document": document("s")}), 401)
    events.rest(0.5)
    stage.put("after-logout")
    try:
      heard = events.rest(2)
    except NoAnswer:
      heard = b""
    a.holds(b"schedules" not in heard, "events go on after the logout")
  stage.remove("after-logout")
  # A token that is taken out.
  token = stage.add_token("temp", "editor")
  temp = stage.logged_in("temp")
  with Connection(temp.site.address, timeout=5) as events:
    events.send(request("GET", "/api/v1/events", temp.fields()))
    a.holds(events.head()[0] == 200, "events are refused")
    lines = [line for line in stage.token_file.read_text().splitlines() if not line.startswith("temp ")]
    stage.token_file.write_text("\n".join(lines) + "\n")
    a.holds(role(temp) is None, "a session goes on after its token was taken out")
    a.refused("a login with the token that was taken out", Visitor(temp.site).log_in(token), 401)
    events.rest(0.5)
    stage.put("after-token")
    a.holds(b"schedules" not in events.rest(2), "events go on after the token was taken out")
  stage.remove("after-token")
  # A role that is taken away ends the session, too.
  stage.add_token("temp", "editor")
  temp = stage.logged_in("temp")
  stage.token_file.write_text(stage.token_file.read_text().replace("temp editor", "temp viewer"))
  a.holds(role(temp) in (None, "viewer"), "a session keeps the role that was taken away")
  stage.token_file.write_text("".join(line for line in stage.token_file.read_text().splitlines(True)
                                      if not line.startswith("temp ")))
  a.holds(role(stage.logged_in("anna")) == "editor", "nobody can log in any more")


@attack("sessions: fixed by somebody else, and cookies of every shape", "logins")
def fixed(a):
  """A cookie that an attacker has set never becomes a session; a login always gives a new one."""
  site = a.stage.site("tokens")
  fixed = "reactivebeat_session=" + secrets.token_hex(32)
  visitor = Visitor(site)
  visitor.cookie = fixed
  answer = visitor.call("POST", "/api/v1/session", {"token": a.stage.tokens["anna"]})
  a.holds(answer.status == 200 and fixed not in (answer["Set-Cookie"] or fixed),
          "a login keeps the cookie that was set")
  a.holds(role(visitor) is None, "the cookie that was set is logged in after somebody's login")
  anna = a.stage.logged_in("anna")
  again = a.stage.logged_in("anna")
  a.holds(anna.cookie != again.cookie and anna.csrf != again.csrf, "two logins have one session")
  parts = (answer["Set-Cookie"] or "").split("; ")
  for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
    a.holds(attribute in parts, f"the cookie lacks {attribute}: {parts[1:]}")
  a.holds(not any(part.startswith("Domain") for part in parts), "the cookie has a domain")
  name, _, value = anna.cookie.partition("=")
  for what, cookies in {
      "twice": [f"{name}={value}; {name}={value}"],
      "behind another": [f"{name}={'0' * 64}; {name}={value}"],
      "before another": [f"{name}={value}; {name}={'0' * 64}"],
      "in two fields": [f"{name}={value}", f"{name}={'0' * 64}"],
      "with another name": [f"x{name}={value}"],
      "in capitals": [f"{name.upper()}={value}"],
      "in quotes": [f'{name}="{value}"'],
      "cut": [f"{name}={value[:-1]}"],
      "longer": [f"{name}={value}0"],
      "in other letters": [f"{name}={value.upper()}"],
      "empty": [f"{name}="],
      "of a megabyte of pairs": ["; ".join(["a=b"] * 2500)],
      "with a tab": [f"{name}\t={value}"],
      "with spaces": [f"{name} = {value}"],
      "with a comma": [f"{name}={'0' * 64},{name}={value}"],
      "NULs": [f"{name}=" + "%00" * 21 + "x"],
      "no UTF-8": [name.encode() + b"=" + b"\xff" * 64],
      "its digest": [f"{name}=" + hashlib.sha256(value.encode()).hexdigest()],
  }.items():
    answer = Visitor(site).raw(request("GET", "/api/v1/session", [("Cookie", cookie) for cookie in cookies]))
    known = (answer.json or {}).get("role")
    a.holds(known is None or what == "in other letters" and value == value.upper(),
            f"a cookie {what}: {known} {answer.status}")
  a.holds(role(anna) == "editor", "the session has ended by others' cookies")


@attack("a viewer makes every editor's call", "logins")
def viewer(a):
  """With the right CSRF token, the answer is 403; without a login, 401. Nothing has changed afterwards."""
  kept = a.stage.put("kept", document("kept"))
  before = a.stage.stored("kept")
  victor = a.stage.logged_in("victor")
  nobody = Visitor(a.stage.site("tokens"))
  reader = a.stage.site("read-only").visitor()
  proxied = Visitor(a.stage.site("proxy"), "127.0.0.2")
  proxied.always = [("X-Remote-User", "bert")]
  proxied.session()
  a.holds(role(proxied) == "viewer" and role(reader) == "viewer", "the viewers are none")
  for method, target, content in changes(kept):
    for who, visitor in (("a viewer", victor), ("read-only", reader), ("the proxy's viewer", proxied)):
      a.refused(f"{who}: {method} {target}", visitor.call(method, target, content), 403)
    a.refused(f"nobody: {method} {target}", nobody.call(method, target, content), 401)
    a.refused(f"nobody, with a made-up token: {method} {target}",
              nobody.call(method, target, content, [("X-CSRF-Token", "0" * 64)]), 401)
  for target in ("schedules", "facets", f"schedules/{kept}", f"schedules/{kept}/explanation", f"schedules/{kept}/runs",
                 "runs", "system", "system/doctor", "system/activity", "events", "openapi.json", "schedules/",
                 "nothing"):
    a.refused(f"nobody: GET {target}", nobody.get("/api/v1/" + target), 401, 404 if target == "nothing" else 401)
  told = nobody.get("/api/v1/session").json
  a.holds(all(told[key] is None for key in ("user", "role", "csrf", "store", "prefix", "timezone")),
          f"nobody is told {told}")
  a.holds(a.stage.stored("kept") == before and a.stage.stored("forged") is None, "a viewer has changed something")
  a.stage.remove("kept", "forged")


@attack("logins: floods, what the limit bounds, and who is locked out", "logins")
def floods(a):
  """After ten failures a minute an address waits, and a good token of another address still logs in. The log is bounded."""
  stage = a.stage
  site = Site(stage, "page-flood", ("--token-file", stage.folder / "tokens-flood"))
  token = stage.add_token("flora", "editor", stage.folder / "tokens-flood")
  stage.sites["flood"] = site.start()
  log = site.log_bytes
  answers = [
    Visitor(site, "127.0.0.5").call("POST", "/api/v1/session", {"token": secrets.token_hex(32)}).status
    for _ in range(300)
  ]
  a.holds(
    answers.count(401) <= 10 and answers.count(429) >= 290, f"of 300 wrong logins {answers.count(401)} are compared")
  answer = Visitor(site, "127.0.0.5").call("POST", "/api/v1/session", {"token": "x"})
  a.holds(answer.status == 429 and (answer["Retry-After"] or "").isdigit(), f"a wrong token behind them: {answer}")
  # A crowd of addresses.
  tried = [
    Visitor(site, f"127.0.1.{n % 250 + 1}").call("POST", "/api/v1/session", {"token": "x"}).status for n in range(1500)
  ]
  a.holds(tried.count(401) <= 100, f"of 1,500 wrong logins from 250 addresses {tried.count(401)} are compared")
  a.holds(site.log_bytes - log < 20_000, f"1,800 wrong logins write {site.log_bytes - log:,} bytes of log")
  # A token cannot be guessed, so a limit must not keep its owner out: behind a proxy all have one address.
  for source in ("127.0.0.5", "127.0.0.6"):
    a.holds((answer := Visitor(site, source).log_in(token)).status == 200, f"{source} is locked out by others: {answer}")
  begin = time.monotonic()
  a.holds(Visitor(site, "127.0.0.6").get("/").status == 200, "the page is not served during a flood of logins")
  a.note(
    f"1,800 wrong logins: {answers.count(401) + tried.count(401)} compared, {site.log_bytes - log:,} bytes of log, "
    f"the page answers within {1000 * (time.monotonic() - begin):.0f} ms")
  for token in (None, 1, [], {}, "", "x" * 257, "x" * 100_000, True):
    answer = Visitor(site, "127.0.0.7").call("POST", "/api/v1/session", {"token": token})
    a.refused(f"a token of {str(token)[:20]}", answer, 400, 401, 413, 429)
  site.process.kill()
  site.process.wait()
  del stage.sites["flood"]


@attack("logins: what the time of a refusal tells", "logins", short=False)
def timed(a):
  """Tokens that share a beginning with a good one take no other time than others. Each is refused within the limits, by
  a page that is started for them; what is compared is a digest, so a beginning in common means nothing."""
  stage = a.stage
  path = stage.folder / "tokens-timed"
  good = [stage.add_token(f"user{n}", "editor", path) for n in range(200)]
  site = Site(stage, "page-timed", ("--token-file", path))
  stage.sites["timed"] = site.start()
  times = {"near the first": [], "near the last": [], "far": []}
  for n in range(90):
    for what, token in (("near the first", good[0][:-1] + "x"), ("near the last", good[-1][:-1] + "x"),
                        ("far", secrets.token_hex(32))):
      visitor = Visitor(site, f"127.0.{2 + n % 3}.{n % 200 + 1}")
      data = request("POST", "/api/v1/session", {"Content-Type": "application/json"},
                     b'{"token": "%s"}' % token.encode())
      with Connection(site.address, visitor.source) as connection:
        begin = time.perf_counter_ns()
        connection.send(data)
        status = connection.response().status
        if status == 401:
          times[what].append(time.perf_counter_ns() - begin)
    if n % 33 == 32:  # The bound for all addresses together is reached: a page that has seen nothing goes on.
      site.process.kill()
      site.process.wait()
      site.start()
  medians = {what: statistics.median(values) / 1000 for what, values in times.items()}
  spread = max(statistics.stdev(values) / 1000 for values in times.values())
  a.note(", ".join(f"{what}: {median:.0f} us"
                   for what, median in medians.items()) + f"; one measurement varies by {spread:.0f} us")
  a.tried += sum(map(len, times.values()))
  a.holds(max(medians.values()) - min(medians.values()) < max(100, spread), f"the times differ: {medians}")
  site.process.kill()
  site.process.wait()
  del stage.sites["timed"]


def run_briefly(stage, options, seconds=5, environment=None):
  """(status or None if it serves or stands still, what it says) of a page with these options."""
  log = stage.folder / "brief.log"
  with open(log, "wb") as output:
    process = spawn([stage.binary, "web", *options],
                    env=stage.environment() | (environment or {}),
                    stdout=output,
                    stderr=output)
  end = time.monotonic() + seconds
  while process.poll() is None and time.monotonic() < end and b"serving" not in log.read_bytes():
    time.sleep(0.02)
  status = process.poll()
  process.kill()
  process.wait()
  return status, log.read_text(errors="replace")


@attack("the file of tokens: writable by others, a link, a pipe, replaced, broken", "logins")
def files(a):
  """A file that others may write to lets nobody in, at the start and while the page runs."""
  stage = a.stage
  path = stage.folder / "tokens-file"
  token = stage.add_token("fred", "editor", path)
  start = ["--listen", "127.0.0.1:0", "--token-file"]
  for mode in (0o620, 0o602, 0o666, 0o660):
    os.chmod(path, mode)
    status, text = run_briefly(stage, [*start, path], 5)
    a.holds(status == 78 and "chmod" in text, f"mode {mode:o}: status {status}: {text[:100]}")
  os.chmod(path, 0o600)
  odd = stage.folder / "odd"
  for what, make in {
      "a folder": lambda: odd.mkdir(),
      "a pipe": lambda: os.mkfifo(odd),
      "nothing": lambda: None,
      "a link to nothing": lambda: odd.symlink_to("nowhere"),
      "a link to itself": lambda: odd.symlink_to(odd),
      "/dev/zero": lambda: odd.symlink_to("/dev/zero"),
      "a link to a file that others may write to": lambda:
    ((stage.folder / "open").write_text(path.read_text()), os.chmod(stage.folder / "open", 0o666),
     odd.symlink_to(stage.folder / "open")),
      "a megabyte": lambda: odd.write_bytes(b"#" * 1_000_000),
      "bytes": lambda: odd.write_bytes(b"\xff\xfe\x00" * 10),
      "a plain token": lambda: odd.write_text(token + "\n"),
      "a role that is none": lambda: odd.write_text(path.read_text().replace("editor", "admin")),
      "half a digest": lambda: odd.write_text(path.read_text()[:-10]),
  }.items():
    make()
    status, text = run_briefly(stage, [*start, odd], 4)
    a.holds(status == 78,
            f"the file is {what}: " + ("it goes on" if status is None else f"status {status}") + f": {text[:100]}")
    a.holds(token not in text, f"the file is {what}: the error shows the token")
    odd.rmdir() if odd.is_dir() and not odd.is_symlink() else odd.unlink(missing_ok=True)
  # Owned by somebody else, who can write to it although its mode says that only the owner can.
  if os.geteuid() == 0:
    os.chown(path, 65534, 65534)
    status, text = run_briefly(stage, [*start, path])
    a.holds(status == 78, f"the file belongs to another user, who lets himself in: status {status}: {text[:80]}")
    os.chown(path, 0, 0)
  # While it runs.
  site = Site(stage, "page-file", ("--token-file", path))
  stage.sites["file"] = site.start()
  good = path.read_text()

  def logs_in(token):
    return Visitor(site, f"127.0.3.{secrets.randbelow(250) + 1}").log_in(token).status

  a.holds(logs_in(token) == 200, "the token is refused")
  fred = Visitor(site)
  fred.log_in(token)
  os.chmod(path, 0o666)
  evil = stage.add_token("mallory", "editor", path)
  os.chmod(path, 0o666)
  a.holds(logs_in(evil) != 200, "a line that others could write lets somebody in")
  a.holds(role(fred) is None, "the sessions go on while the file is not to be trusted")
  path.write_text(good)
  os.chmod(path, 0o600)
  a.holds(logs_in(token) == 200, "the file is good again, and nobody can log in")
  other = stage.folder / "tokens-other"
  fresh = stage.add_token("gina", "viewer", other)
  other.rename(path)
  a.holds(logs_in(fresh) == 200 and logs_in(token) == 401, "a file that was replaced is not read again")
  path.unlink()
  a.holds(logs_in(fresh) in (401, 429), "a token is good without its file")
  a.holds(
    Visitor(site).get("/").status == 200 and Visitor(site).get("/api/v1/schedules").status == 401,
    "the page without its file")
  os.mkfifo(path)
  try:
    a.holds(
      Visitor(site).raw(request("GET", "/api/v1/session"), 5).status == 200, "the session is refused beside a pipe")
    a.holds(Visitor(site).raw(request("GET", "/"), 5).status == 200, "the page is refused beside a pipe")
  except NoAnswer as error:
    a.holds(False, f"the file has become a pipe, and the page stands still: {error}")
  path.unlink()
  path.write_text(good)
  os.chmod(path, 0o600)
  a.holds(token not in site.log_path.read_text() and evil not in site.log_path.read_text(), "the log has a token")
  site.process.kill()
  site.process.wait()
  del stage.sites["file"]


@attack("`beat-watch token`: what it writes, and refuses", "logins")
def token_command(a):
  """The file holds a digest only, has mode 600, and a user's name cannot forge a line."""
  stage, path = a.stage, a.stage.folder / "made"

  def make(*words):
    return subprocess.run([stage.binary, "token", *words, "--token-file", path],
                          env=stage.environment(),
                          capture_output=True,
                          text=True)

  made = make("anna", "--role", "editor")
  secret = made.stdout.strip()
  a.holds(made.returncode == 0 and len(secret) >= 43, f"a token: {made.returncode} {made.stderr[:100]}")
  a.holds(secret not in path.read_text() and secret not in made.stderr, "the file or the message has the token itself")
  a.holds(path.stat().st_mode & 0o777 == 0o600, f"the file's mode is {path.stat().st_mode & 0o777:o}")
  before = path.read_text()
  for user in ("", " ", "a b", "a\nb editor sha256:" + "0" * 64, "a\tb", "x" * 65, "\u00e9", "a;b", "#a",
               "a\x00b"[:1] + "\x1b", "../a", "a/b"):
    made = make(user) if user else make("")
    a.holds(made.returncode == 64, f"the user {user!r}: status {made.returncode}")
  for role in ("admin", "Editor", "", "editor viewer"):
    a.holds((code := make("bob", "--role", role).returncode) == 64, f"the role {role!r}: status {code}")
  a.holds(path.read_text() == before, "a refused user is in the file")


@attack("a proxy's field: from another address, doubled, hostile", "logins")
def proxied(a):
  """The field names a user only if the proxy itself says it, once, and as a plain name."""
  site = a.stage.site("proxy")

  def who(source, fields):
    visitor = Visitor(site, source)
    visitor.always = fields
    answer = visitor.get("/api/v1/session")
    return (answer.json or {}).get("user"), (answer.json or {}).get("role"), answer.status

  a.holds(who("127.0.0.2", [("X-Remote-User", "anna")])[:2] == ("anna", "editor"), "the proxy's user is refused")
  a.holds(who("127.0.0.2", [("x-remote-USER", "bert")])[:2] == ("bert", "viewer"), "the proxy's viewer is refused")
  for source in ("127.0.0.1", "127.0.0.3", "127.0.0.20", "127.0.2.2"):
    a.holds(who(source, [("X-Remote-User", "anna")])[1] is None, f"{source} is believed")
    for field in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP"):
      a.holds(
        who(source, [("X-Remote-User", "anna"), (field, "127.0.0.2"), ("Via", "127.0.0.2")])[1] is None,
        f"{source} with {field} is believed")
  for what, fields in {
      "twice": [("X-Remote-User", "bert"), ("X-Remote-User", "anna")],
      "twice the same": [("X-Remote-User", "anna")] * 2,
      "with underscores": [("X_Remote_User", "anna")],
      "two in one": [("X-Remote-User", "bert, anna")],
      "empty": [("X-Remote-User", "")],
      "a space in it": [("X-Remote-User", "an na")],
      "of 65 letters": [("X-Remote-User", "a" * 65)],
      "of 10,000": [("X-Remote-User", "a" * 10_000)],
      "with a tab": [("X-Remote-User", "anna\tx")],
      "no ASCII": [("X-Remote-User", "\u0430nna")],
      "no UTF-8": [("X-Remote-User", b"anna\xff")],
      "markup": [("X-Remote-User", "<img src=x>")],
      "a star": [("X-Remote-User", "*")],
      "a slash": [("X-Remote-User", "../anna")],
  }.items():
    user, found, status = who("127.0.0.2", fields)
    a.holds(found is None and status == 200, f"the field {what}: {user} {found} {status}")
  a.holds(who("127.0.0.2", [("X-Remote-User", "Anna")])[1] == "viewer", "another spelling of an editor's name edits")
  a.holds(who("127.0.0.2", [("X-Remote-User", " anna ")])[1] == "editor", "spaces around a name are part of it")
  a.refused("a login by token beside a proxy",
            Visitor(site, "127.0.0.2").call("POST", "/api/v1/session", {"token": "x"}), 400, 401)
  anna = Visitor(site, "127.0.0.2")
  anna.always = [("X-Remote-User", "anna")]
  anna.session()
  a.refused("a change without the CSRF token",
            anna.call("POST", "/api/v1/schedules", {"name": "p", "document": document("p")}, csrf=False), 403)
  thief = Visitor(site, "127.0.0.1")
  thief.always, thief.csrf = [("X-Remote-User", "anna")], anna.csrf
  a.refused("another address with the CSRF token",
            thief.call("POST", "/api/v1/schedules", {"name": "p", "document": document("p")}), 401, 403)
  a.holds(a.stage.stored("p") is None, "the schedule was made")


@attack("off loopback without a login: refuses to start", "logins")
def off_loopback(a):
  """Status 78 and what to do, for every spelling of an address that others can reach."""
  stage = a.stage
  for address in ("0.0.0.0:0", "*:0", "[::]:0", "192.0.2.1:9809", "[::ffff:127.0.0.1]:0", "10.0.0.1:0", "128.0.0.1:0",
                  "[fe80::1]:0", "1.27.0.0:0"):
    for more in ((), ("--read-only", )):
      status, text = run_briefly(stage, ["--listen", address, *more])
      a.holds(status == 78 and "--token-file" in text, f"{address} {more}: status {status}: {text[:100]}")
  status, text = run_briefly(stage, ["--listen", "127.0.0.1:0"], environment={"BEAT_WATCH_WEB_LISTEN": "0.0.0.0:0"})
  a.holds(status is None, f"an option beside the environment: {status}")
  status, text = run_briefly(stage, [], environment={"BEAT_WATCH_WEB_LISTEN": "0.0.0.0:0"})
  a.holds(status == 78, f"an address from the environment: {status}")
  path = stage.folder / "tokens-wide"
  stage.add_token("wide", "viewer", path)
  empty = stage.folder / "tokens-empty"
  empty.write_text("# nobody\n")
  os.chmod(empty, 0o600)
  for words, wanted in {("--token-file", path): None, ("--token-file", empty): None,
                        ("--trusted-proxy", "127.0.0.1"): None, ("--trusted-proxy", ""): 64, ("--token-file", ""): 78,
                        ("--trusted-proxy", "0.0.0.0"): 64, ("--trusted-proxy", "proxy.example"): 64,
                        ("--trusted-proxy", "*"): 64, ("--token-file", path, "--trusted-proxy", "127.0.0.1"): 64,
                        ("--token-file", path, "--read-only"): 64, ("--host", "*"): 78,
                        ("--host", "a b", "--token-file", path): 64,
                        ("--trusted-proxy", "127.0.0.1", "--user-header", "A B"): 64}.items():
    status, text = run_briefly(stage, ["--listen", "0.0.0.0:0", *words])
    a.holds(status == wanted or wanted == 64 and status == 78 or words[1] == "0.0.0.0",
            f"{' '.join(map(str, words))}: status {status}, not {wanted}: {text[:100]}")
  # A Unix socket is for its owner and group.
  place = stage.folder / "page.sock"
  site = Site(stage, "page-unix", (), f"unix:{place}")
  site.address = str(place)
  super(Site, site).start()
  try:
    wait_until(lambda: place.exists(), 10, "the socket")
    a.holds(place.stat().st_mode & 0o007 == 0, f"the socket's mode is {place.stat().st_mode & 0o777:o}")
    a.holds(
      Visitor(site).raw(request("GET", "/api/v1/session", host="localhost")).status == 200,
      "the socket does not answer")
    a.refused("a foreign name at the socket", Visitor(site).raw(request("GET", "/", host="evil.example")), 421)
  finally:
    site.process.kill()
    site.process.wait()
    site.log.close()
