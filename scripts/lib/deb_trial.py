"""The life of the Debian package in a fresh system: scripts/deb-trial says how it is started.

systemd cannot run in such a root. So the unit's ExecStart is started here, as the unit's user, with its environment file
and a socket for its notifications; and a stand-in for systemctl writes down what the package's scripts ask for.
"""

import os
import pathlib
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time

PATIENCE = 60.0
# It says what systemctl says of a unit that runs. Links to units are made by the real one.
RECORDER = """#!/bin/sh
case "$*" in
  *preset*) exec systemctl-real "$@" ;;
  *is-enabled*) [ -e /etc/systemd/system/multi-user.target.wants/beat-watch.service ] && echo enabled || exit 1 ;;
  *daemon-reload*) ;;
  *) echo "$*" >>/systemctl-calls ;;
esac
"""


def check(condition, text):
  if not condition:
    sys.exit(f"deb-trial: {text}")


def wait(condition, text):
  """Waits until the condition is something, and returns that."""
  end = time.monotonic() + PATIENCE
  while not (result := condition()):
    check(time.monotonic() < end, f"not within {PATIENCE:.0f} s: {text}")
    time.sleep(0.01)
  return result


class Root:
  """A system over a tree that stays as it is: what is written goes to memory."""

  def __init__(self, tree):
    base = pathlib.Path(".build/deb-trial").resolve()
    base.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "beat-watch-trial", base)
    for name in ("upper", "work", "root"):
      (base / name).mkdir()
    self.path = base / "root"
    options = f"lowerdir={pathlib.Path(tree).resolve()},upperdir={base}/upper,workdir={base}/work"
    run("mount", "-t", "overlay", "beat-watch-trial", "-o", options, self.path)
    run("mount", "-t", "proc", "proc", self.path / "proc")
    (self.path / "etc/resolv.conf").write_text(pathlib.Path("/etc/resolv.conf").read_text())

  def __truediv__(self, name):
    return self.path / name

  def __call__(self, *command, user=None):
    return run("chroot", *([f"--userspec={user}"] if user else []), self.path, *command, env=ENVIRONMENT)

  def policy(self, status):
    (self / "usr/sbin/policy-rc.d").write_text(f"#!/bin/sh\nexit {status}\n")
    (self / "usr/sbin/policy-rc.d").chmod(0o755)

  def install(self, package):
    (self / "tmp" / package.name).write_bytes(package.read_bytes())
    self("apt-get", "install", "--yes", "--no-install-recommends", f"/tmp/{package.name}")

  def expect_calls(self, *calls):
    """What was asked of systemctl since the last time is this."""
    file = self / "systemctl-calls"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    asked = [re.sub(r"--(quiet|system) ?", "", line).strip() for line in lines if "is-active" not in line]
    check(asked == list(calls), f"systemctl was asked for {asked}, and not for {list(calls)}")


ENVIRONMENT = {
  "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
  "LC_ALL": "C.UTF-8"}


def run(*command, **options):
  done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
  check(done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}")
  return done.stdout


def newer(package):
  """The same package with a higher version."""
  folder = pathlib.Path(".build/deb-trial-newer").resolve()
  run("rm", "-rf", folder)
  run("dpkg-deb", "-R", package, folder)
  control = folder / "DEBIAN/control"
  control.write_text(re.sub(r"^(Version: .*)$", r"\1+newer", control.read_text(), flags=re.M))
  target = folder.with_suffix(".deb")
  run("dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, target)
  return target


class Service:
  """The unit's command, as the unit says."""

  def __init__(self, root):
    unit = (root / "usr/lib/systemd/system/beat-watch.service").read_text()
    self.settings = dict(re.findall(r"^(\w+)=(.*)$", unit, re.M))
    self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    self.socket.setblocking(False)
    (root / "run/notify").unlink(missing_ok=True)
    self.socket.bind(os.fspath(root / "run/notify"))
    (root / "run/notify").chmod(0o777)
    self.said = []
    environment = dict(ENVIRONMENT, NOTIFY_SOCKET="/run/notify", WATCHDOG_USEC="1000000")
    for line in (root / self.settings["EnvironmentFile"].lstrip("-/")).read_text().splitlines():
      if line and not line.startswith("#"):
        name, value = line.split("=", 1)
        environment[name] = shlex.split(value)[0]
    owner = f"{self.settings['User']}:{self.settings['Group']}"
    self.process = subprocess.Popen(
      ["chroot", f"--userspec={owner}", str(root.path), *shlex.split(self.settings["ExecStart"])], env=environment)

  def hear(self, text):
    def heard():
      try:
        while True:
          self.said.append(self.socket.recv(65536).decode())
      except BlockingIOError:
        return any(text in message for message in self.said)
    wait(heard, f"{text!r} of the daemon, which said {self.said}")

  def stop(self):
    self.process.send_signal(signal.SIGTERM)
    check(self.process.wait(PATIENCE) == 0, "the daemon did not end with status 0")
    self.hear("STOPPING=1")


def main(tree, package):
  root = Root(tree)
  release = dict(re.findall(r'^(\w+)="?(.*?)"?$', (root / "etc/os-release").read_text(), re.M))["PRETTY_NAME"]
  conffile = root / "etc/default/beat-watch"
  wanted = root / "etc/systemd/system/multi-user.target.wants/beat-watch.service"
  started = time.monotonic()

  # Installed: where policy-rc.d forbids it, as in a container, nothing is started.
  root.policy(101)
  root("apt-get", "update")
  root("apt-get", "install", "--yes", "--no-install-recommends", "systemd")
  # apt gives the package's scripts a PATH of its own.
  (root / "usr/bin/systemctl").rename(root / "usr/bin/systemctl-real")
  (root / "usr/bin/systemctl").write_text(RECORDER)
  (root / "usr/bin/systemctl").chmod(0o755)
  (root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
  begun = time.monotonic()
  root.install(package)
  seconds = time.monotonic() - begun
  root.expect_calls()
  check(os.path.lexists(wanted), "it is not enabled")
  user = root("getent", "passwd", "beat-watch").split(":")
  check(user[6].strip().endswith("nologin"), f"the user may log in: {user}")
  state = conffile.stat()
  check(stat.S_IMODE(state.st_mode) == 0o640 and (state.st_uid, state.st_gid) == (0, int(user[3])),
        f"the environment's file: {state}")
  root("test", "-r", "/etc/default/beat-watch", user="beat-watch:beat-watch")
  version = root("beat-watch", "--version").strip()
  root("dpkg", "--verify", "beat-watch")

  # Started, with an environment that an administrator has written.
  with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
  server = subprocess.Popen(
    ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"],
    stdout=subprocess.DEVNULL)

  def redis(*command, database=1):
    done = subprocess.run(
      ["redis-cli", "-p", str(port), "-n", str(database), *command], capture_output=True, text=True, check=False)
    return done.stdout.strip()

  wait(lambda: redis("PING") == "PONG", "redis-server")
  with conffile.open("a") as file:
    file.write(f"CELERY_REDIS_SCHEDULER_URL='redis://127.0.0.1:{port}/1'\n")
    file.write(f"CELERY_BROKER_URL='redis://127.0.0.1:{port}/0'\n")
  edited = conffile.read_text()
  service = Service(root)
  service.hear("READY=1\nSTATUS=leading, 0 schedules")
  service.hear("WATCHDOG=1")
  as_service = "set -a; . /etc/default/beat-watch; beat-watch"
  root("sh", "-c", f"{as_service} set hello --task tasks.greet --every 1h --run-immediately", user="beat-watch")
  wait(lambda: redis("LLEN", "celery", database=0) == "1", "the first message")
  root("sh", "-c", f"{as_service} status", user="beat-watch")
  service.process.send_signal(signal.SIGHUP)  # What ExecReload sends.
  service.hear("RELOADING=1")

  # Upgraded: the service is restarted, the file stays as it was edited.
  root.policy(0)
  root.install(newer(package))
  root.expect_calls("restart beat-watch.service")
  check(conffile.read_text() == edited, "an upgrade has changed the environment's file")
  check(stat.S_IMODE(conffile.stat().st_mode) == 0o640 and conffile.stat().st_gid == int(user[3]),
        f"the environment's file after an upgrade: {conffile.stat()}")
  service.stop()
  service = Service(root)
  service.hear("READY=1\nSTATUS=leading, 1 schedule")
  check(redis("LLEN", "celery", database=0) == "1", "an upgrade repeats or loses a run")

  # Disabled by the administrator: an upgrade leaves it so.
  root("systemctl-real", "disable", "beat-watch.service")
  root("apt-get", "install", "--yes", "--reinstall", f"/tmp/{newer(package).name}")
  check(not os.path.lexists(wanted), "an upgrade enables what was disabled")
  root.expect_calls("restart beat-watch.service")

  # Removed and purged. What is in Redis stays.
  service.stop()
  keys = (redis("DBSIZE"), redis("DBSIZE", database=0))
  root("apt-get", "remove", "--yes", "beat-watch")
  root.expect_calls("stop beat-watch.service")
  check(conffile.exists() and not (root / "usr/bin/beat-watch").exists(), "a removal is none, or a purge")
  root("apt-get", "purge", "--yes", "beat-watch")
  folders = [root / name for name in ("etc", "usr", "var/lib/systemd")]
  left = run("find", *folders, "-xdev", "-name", "*beat-watch*").splitlines()
  check(left == [], f"a purge leaves {left}")
  check((redis("DBSIZE"), redis("DBSIZE", database=0)) == keys and int(keys[0]) > 0, "a purge touches Redis")
  server.terminate()
  server.wait()
  print(f"deb-trial: {release}: beat-watch {version}: installed ({seconds:.1f} s), started, upgraded, disabled, purged"
        f" in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
  main(sys.argv[1], pathlib.Path(sys.argv[2]))
