"""The real processes: a Redis, a daemon with its HTTP endpoint and a schedule of one second, and pages of each kind of
login. All of it is on private ports and in a folder of its own."""

import base64
import hashlib
import json
import os
import pathlib
import re
import secrets
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("Hostile", "Chaos"):
  sys.path.insert(0, str(HERE.parent / folder))

from arena import PROJECT, Arena, Failed, Watcher, wait_until  # noqa: E402
from servers import spawn  # noqa: E402, F401

from visitors import Visitor  # noqa: E402

# In URLs of the store and the broker. No output may have it.
PASSWORD = "pw-Zq7-never-shown"
POLICY = {
  "Content-Security-Policy": (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"), "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer"
}


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def id_of(name):
  data = name if isinstance(name, bytes) else name.encode()
  return base64.urlsafe_b64encode(data).decode().rstrip("=")


def document(name="x", **more):
  return json.dumps(
    {"name": name, "task": "tasks.t", "enabled": True, "interval": {"every": 3600, "period": "seconds"}} | more)


class Site(Watcher):
  """One `beat-watch web`."""

  def __init__(self, stage, name, options, address=None):
    super().__init__(stage, name)
    self.stage = stage
    self.command = [stage.binary, "web", "--listen", address or "127.0.0.1:0", *options]
    self.unix = address.removeprefix("unix:") if address else None
    self.bare = {}  # (status, field) -> how many responses lacked it

  def start(self):
    known = self.log_bytes
    super().start()

    def serves():
      with open(self.log_path, "rb") as log:
        log.seek(known)
        text = log.read(1 << 16)
      found = re.search(rb"at http://127\.0\.0\.1:(\d+)/", text)
      self.address = self.unix or (found and ("127.0.0.1", int(found.group(1))))
      return b"serving" in text and self.address or not self.is_alive

    wait_until(serves, 30, f"{self.name} serves")
    if not self.is_alive:
      raise Failed(f"{self.name} has ended at its start: {self.lines()}")
    return self

  @property
  def port(self):
    return self.address[1]

  def saw(self, answer):
    for name, value in POLICY.items():
      if answer.values(name) != [value]:
        self.bare.setdefault((answer.status, name), answer.text[:60])

  def visitor(self, source=None):
    """Somebody who has opened the page, and needs no login."""
    visitor = Visitor(self, source)
    visitor.session()
    return visitor

  @property
  def descriptors(self):
    return len(os.listdir(f"/proc/{self.pid}/fd"))


class Endpoint:
  """The daemon's `--http-listen`."""

  def __init__(self, stage, port):
    self.stage, self.address, self.bare = stage, ("127.0.0.1", port), {}

  def saw(self, answer):
    if answer.values("X-Content-Type-Options") != ["nosniff"]:
      self.bare.setdefault((answer.status, "X-Content-Type-Options"), answer.text[:60])


class Stage(Arena):

  def __init__(self, binary):
    self.http_port = free_port()
    super().__init__("web", binary, has_standby=False, options=("--http-listen", f"127.0.0.1:{self.http_port}"))
    self.folder = PROJECT / ".build" / "web" / f"stage.{os.getpid()}"
    self.sites = {}
    self.tokens = {}

  def __enter__(self):
    super().__enter__()
    self.client("ACL", "SETUSER", "page", "on", ">" + PASSWORD, "~*", "&*", "+@all")
    self.start_daemons()
    self.start_victim()
    self.start_janitor()
    return self

  def __exit__(self, *details):
    for site in self.sites.values():
      if site.process and site.is_alive:
        site.process.kill()
        site.process.wait()
      site.log.close()
    super().__exit__(*details)

  def environment(self, url=None):
    place = f"redis+socket://page:{PASSWORD}@{self.redis.path}?virtual_host="
    return super().environment() | {
      "CELERY_REDIS_SCHEDULER_URL": f"{place}{self.store}", "CELERY_BROKER_URL": f"{place}{self.broker}"
    }

  @property
  def daemon(self):
    return self.daemons[0]

  @property
  def endpoint(self):
    return Endpoint(self, self.http_port)

  # --- pages ---

  @property
  def token_file(self):
    return self.folder / "tokens"

  def add_token(self, user, role, path=None):
    """Writes a line as `beat-watch token` does. Returns the token."""
    secret = secrets.token_hex(32)
    path = path or self.token_file
    with open(path, "a") as file:
      file.write(f"{user} {role} sha256:{hashlib.sha256(secret.encode()).hexdigest()}\n")
    os.chmod(path, 0o600)
    self.tokens[user] = secret
    return secret

  def site(self, kind="open"):
    """The page of a kind of login, which is started when it is first asked for, or has ended."""
    site = self.sites.get(kind)
    if site is None:
      options = {
        "open": (),
        "read-only": ("--read-only", ),
        "tokens": ("--token-file", self.token_file),
        "named": ("--host", "beat.example.org"),
        "proxy": ("--trusted-proxy", "127.0.0.2", "--user-header", "X-Remote-User", "--editors", "anna"),
      }[kind]
      if kind == "tokens":
        self.add_token("anna", "editor")
        self.add_token("victor", "viewer")
      site = self.sites[kind] = Site(self, f"page-{kind}", options)
    if site.process is None or not site.is_alive:
      site.start()
    return site

  def editor(self, kind="open"):
    if kind == "tokens":
      return self.logged_in("anna")
    return self.site(kind).visitor()

  def logged_in(self, user):
    visitor = Visitor(self.site("tokens"))
    answer = visitor.log_in(self.tokens[user])
    if answer.status != 200:
      raise Failed(f"{user} cannot log in: {answer}")
    return visitor

  # --- documents ---

  def put(self, name, text=None):
    data = name if isinstance(name, bytes) else name.encode()
    self.client("SET", b"tasks:meta:" + data, text if text is not None else document("x"))
    return id_of(data)

  def stored(self, name):
    return self.client("GET", b"tasks:meta:" + (name if isinstance(name, bytes) else name.encode()))

  def remove(self, *names):
    for name in names:
      self.client("DEL", b"tasks:meta:" + (name if isinstance(name, bytes) else name.encode()))

  # --- judging ---

  def ended(self):
    """What has ended by itself, each with its last lines."""
    watchers = [*self.daemons, *(site for site in self.sites.values() if site.process)]
    return [
      f"{w.name} has ended with status {w.process.poll()}: {' | '.join(w.lines(4))}" for w in watchers if not w.is_alive
    ]

  def outputs(self):
    """(name, text) of all that the processes have written, and of their command lines."""
    for watcher in [*self.daemons, *self.sites.values()]:
      yield watcher.name, watcher.log_path.read_bytes()
      if watcher.process and watcher.is_alive:
        yield f"{watcher.name}'s command line", pathlib.Path(f"/proc/{watcher.pid}/cmdline").read_bytes()

  def victim_since(self, begin):
    """(how many fires since then are missing, the largest lateness of the others in ms by the server's clock)."""
    time.sleep(1.2)
    end = time.time_ns() // 1000 - 1_000_000
    came, missing, _ = self.lateness(begin, end)
    return len(missing), max([1000 * server for _, server in came.values() if server is not None], default=0)
