"""What scripts/roots does in a fresh root, with the root's own Python, Redis and OpenSSL.

It installs the wheel in /trial/packages. The daemon fires over a socket, for a worker of Celery, by celery beat, and
over TLS with an authority that the system knows; one that it does not know is refused. Each step prints a line, and the
first that fails ends it with status 1.
"""

import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

TRIAL = pathlib.Path("/trial")
ENVIRONMENT = TRIAL / "environment"
PROGRAM = [str(ENVIRONMENT / "bin/beat-watch")]
MODULE = [str(ENVIRONMENT / "bin/python"), "-m", "reactivebeat"]
SECONDS = 60
EVERY_SECOND = {"name": "tick", "task": "trial.tick", "enabled": True, "interval": {"every": 1, "period": "seconds"}}
IN_BERLIN = {"name": "berlin", "task": "trial.tick", "enabled": True, "crontab": {"minute": 0, "hour": 3},
             "timezone": "Europe/Berlin"}

APPLICATION = """
import pathlib
import celery
app = celery.Celery("trial", broker={broker!r})

@app.task(name="trial.tick")
def tick():
  pathlib.Path("/trial/ticked").touch()
"""


# An application with a schedule in its code.
SCHEDULED = """
import pathlib
import celery
app = celery.Celery("scheduled", broker={broker!r})
app.conf.redis_scheduler_url = {store!r}
app.conf.beat_schedule = {{"tick": {{"task": "scheduled.tick", "schedule": 1.0}}}}

@app.task(name="scheduled.tick")
def tick():
  pathlib.Path("/trial/scheduled").touch()
"""


def output(*command, **options):
  """What the command prints. Raises CalledProcessError."""
  return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


def until(condition, what):
  """Waits until the condition holds, and returns what it returned."""
  deadline = time.monotonic() + SECONDS
  while True:
    result = condition()
    if result:
      return result
    if time.monotonic() > deadline:
      raise AssertionError(f"{what} did not come within {SECONDS} s")
    time.sleep(0.02)


class Server:
  """The root's Redis, on a socket, and with TLS on a port of 127.0.0.1."""

  def __init__(self, *options):
    self.socket = str(TRIAL / "redis.sock")
    self.process = subprocess.Popen(
      ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", str(TRIAL), *options],
      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(self.answers, "Redis")

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.process.kill()
    self.process.wait()

  def answers(self):
    return subprocess.run(["redis-cli", "-s", self.socket, "ping"], capture_output=True).returncode == 0

  def command(self, database, *words):
    return output("redis-cli", "-s", self.socket, "-n", str(database), *words)

  def put(self, document):
    self.command(1, "SET", "tasks:meta:" + document["name"], json.dumps(document))

  def url(self, database):
    return f"redis+socket://{self.socket}?virtual_host={database}"


class Daemon:
  """The daemon, with its log in a file."""

  def __init__(self, command, url):
    self.log = TRIAL / "log"
    with open(self.log, "wb") as log:
      self.process = subprocess.Popen(
        [*command, "run", "--store-url", url(1), "--broker-url", url(0)], stdout=log, stderr=log)

  def __enter__(self):
    return self

  def __exit__(self, kind, *_):
    self.process.send_signal(signal.SIGTERM)
    self.process.wait(SECONDS)
    if kind:
      print(self.log.read_text(), file=sys.stderr)

  def logs(self, text):
    """The first line of the log with this text."""
    def line():
      if self.process.poll() is not None:
        raise AssertionError(f"the daemon has ended with status {self.process.returncode}")
      return next((line for line in self.log.read_text().splitlines() if text in line), None)
    return until(line, f"{text!r} in the log")

  def fires(self, server):
    """Waits for a message on the queue."""
    server.command(0, "DEL", "celery")
    until(lambda: int(server.command(0, "LLEN", "celery")) > 0, "a message")
    assert "trial.tick" in server.command(0, "LINDEX", "celery", "0")

  def library(self, name):
    """The file of a library that the daemon has opened."""
    maps = pathlib.Path(f"/proc/{self.process.pid}/maps").read_text()
    return next((line.split()[-1] for line in maps.splitlines() if name in line), None)


def memory(process):
  """A process's resident memory, in words."""
  resident = re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())
  return f"{int(resident[1]) / 1024:.1f} MiB of memory"


def pip_install(*requirements):
  """Installs from /trial/packages, and returns the seconds that it took."""
  started = time.monotonic()
  output(str(ENVIRONMENT / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-index",
         "--find-links", str(TRIAL / "packages"), *requirements)
  return time.monotonic() - started


def install():
  wheel = next((TRIAL / "packages").glob("reactivebeat-*.whl"))
  started = time.monotonic()
  output(sys.executable, "-m", "venv", str(ENVIRONMENT))
  made = time.monotonic() - started
  seconds = pip_install(str(wheel))
  version = wheel.name.split("-")[1]
  for command in (PROGRAM, MODULE):
    assert output(*command, "--version") == version
  return (f"{wheel.name}: venv in {made:.1f} s, pip install in {seconds:.1f} s; "
          f"beat-watch --version and python -m reactivebeat: {version}")


def fire_over_a_socket():
  with Server() as server:
    server.put(EVERY_SECOND)
    started = time.monotonic()
    with Daemon(PROGRAM, server.url) as daemon:
      daemon.logs(" ready ")
      seconds = time.monotonic() - started
      daemon.fires(server)
      assert daemon.library("libssl") is None
      return f"ready after {seconds * 1000:.0f} ms, {memory(daemon.process.pid)}"


def fire_for_a_worker():
  # kombu 5.7 needs Redis 6.2. Celery does not start without zones, which a root of Ubuntu 22.04 lacks.
  older = ["celery<5.7", "kombu<5.7"] if is_old_redis() else []
  seconds = pip_install("celery[redis]", "tzdata", *older)
  with Server() as server:
    (TRIAL / "trial.py").write_text(APPLICATION.format(broker=server.url(0)))
    log = TRIAL / "worker.log"
    with open(log, "wb") as file:
      worker = subprocess.Popen(
        [str(ENVIRONMENT / "bin/celery"), "-A", "trial", "worker", "--pool", "solo", "--without-mingle"],
        cwd=str(TRIAL), stdout=file, stderr=file)
    try:
      server.put(EVERY_SECOND)
      with Daemon(PROGRAM, server.url):
        until((TRIAL / "ticked").exists, "a run of the task")
    except AssertionError as error:
      raise AssertionError(f"{error}; the worker: {log.read_text()}")
    finally:
      worker.kill()
      worker.wait()
  return f"Celery {output(str(ENVIRONMENT / 'bin/celery'), '--version')}, installed in {seconds:.1f} s"


def celery_beat():
  """`celery beat -S reactivebeat` and a worker, with a schedule in the application's code."""
  with Server() as server:
    (TRIAL / "scheduled.py").write_text(SCHEDULED.format(broker=server.url(0), store=server.url(1)))
    log = TRIAL / "scheduled.log"
    celery = [str(ENVIRONMENT / "bin/celery"), "-A", "scheduled"]
    started = time.monotonic()
    with open(log, "wb") as file:
      processes = [
        subprocess.Popen([*celery, *words], cwd=str(TRIAL), stdout=file, stderr=file)
        for words in (["beat", "-S", "reactivebeat"], ["worker", "--pool", "solo", "--without-mingle"])]
    beat = processes[0]
    try:
      until((TRIAL / "scheduled").exists, "a run of the task")
      seconds = time.monotonic() - started
      assert pathlib.Path(f"/proc/{beat.pid}/comm").read_text().strip() == "beat-watch"
      resident = memory(beat.pid)
      beat.send_signal(signal.SIGTERM)
      assert beat.wait(SECONDS) == 0
    except AssertionError as error:
      raise AssertionError(f"{error}; celery: {log.read_text()}")
    finally:
      for process in processes:
        process.kill()
        process.wait()
  return f"the first run {seconds:.1f} s after the start of beat and a worker; beat has {resident}"


def fire_over_tls():
  port = free_port()
  certificate, key = TRIAL / "server.crt", TRIAL / "server.key"
  output("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate),
         "-days", "2", "-subj", "/CN=trial", "-addext", "subjectAltName=IP:127.0.0.1", stderr=subprocess.DEVNULL)

  def url(options):
    return lambda database: f"rediss://127.0.0.1:{port}/{database}?ssl_cert_reqs=required{options}"

  with Server("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key),
              "--tls-auth-clients", "no") as server:
    server.put(EVERY_SECOND)
    with Daemon(PROGRAM, url(f"&ssl_ca_certs={certificate}")) as daemon:
      daemon.fires(server)
      library = daemon.library("libssl")
      assert library is not None
    with Daemon(PROGRAM, url("")) as daemon:
      daemon.logs("its certificate is self-signed")
    shutil.copy(certificate, "/usr/local/share/ca-certificates/trial.crt")
    output("update-ca-certificates", stderr=subprocess.DEVNULL)
    with Daemon(PROGRAM, url("")) as daemon:
      daemon.fires(server)
  version = output("openssl", "version").split()[1]
  return f"{library} (openssl is {version}); an authority that is unknown is refused"


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def zones_of_the_package():
  shutil.rmtree("/usr/share/zoneinfo", ignore_errors=True)
  with Server() as server:
    server.put(IN_BERLIN)
    for command, rejected in ((PROGRAM, 1), (MODULE, 0)):
      with Daemon(command, server.url) as daemon:
        assert f"rejected={rejected}" in daemon.logs(" ready ")
  return "without the system's files python -m reactivebeat takes the package tzdata"


def tests_of_the_package():
  pip_install("--upgrade", "pip", "pytest", "hatchling")
  project = TRIAL / "project/Python/reactivebeat"
  # These tests are about Celery 5.7, which a root with Redis 6.0 does not have, and about what newer servers refuse.
  newer = ("guard_workers", "test_manifest", "user_may", "takes_no_writes", "server_that_refuses")
  left_out = " and ".join(f"not {test}" for test in newer) if is_old_redis() else ""
  tests = subprocess.run(
    [str(ENVIRONMENT / "bin/python"), "-B", "-m", "pytest", "-k", left_out], cwd=str(project), stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT, text=True,
    env={**os.environ, "PYTHONPATH": str(project / "src"), "BEAT_WATCH_PROGRAM": PROGRAM[0]})
  if tests.returncode != 0:
    raise AssertionError(tests.stdout)
  return tests.stdout.splitlines()[-1]


def is_old_redis():
  return redis_version().startswith("6.0.")


def redis_version():
  return output("redis-server", "--version").split()[2].replace("v=", "")


def main():
  system = sys.argv[1]
  print(f"{system}: {' '.join(platform.libc_ver())}, Python {platform.python_version()}, Redis {redis_version()}")
  for step in (install, fire_over_a_socket, fire_for_a_worker, celery_beat, fire_over_tls, tests_of_the_package,
               zones_of_the_package):
    print(f"{system}: {step.__name__.replace('_', ' ')}: {step()}", flush=True)


if __name__ == "__main__":
  main()
