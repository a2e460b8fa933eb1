"""Runs the image as far as buildah's chroot isolation can: python3 scripts/lib/image_trial.py ARCHIVE STORAGE

Such a container has its own files and its own user, and the machine's network. The daemon runs in it with a private
Redis, by TCP and by TLS, and the image's health check is asked as a container's engine would ask it.
"""

import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60.0


def check(condition, text):
  if not condition:
    sys.exit(f"image: {text}")


def wait(condition, text):
  end = time.monotonic() + PATIENCE
  while not condition():
    check(time.monotonic() < end, f"not within {PATIENCE:.0f} s: {text}")
    time.sleep(0.05)


def free_port():
  with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    return free.getsockname()[1]


class Container:
  def __init__(self, archive, storage):
    self.buildah = [
      "buildah", "--root", f"{storage}/storage", "--runroot", f"{storage}/run", "--storage-driver", "vfs"]
    self.name = self("from", "--quiet", f"docker-archive:{archive}")
    self.image = json.loads(self("inspect", self.name))["Docker"]["config"]

  def __call__(self, *words):
    done = subprocess.run([*self.buildah, *words], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{shlex.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()

  def start(self, command, environment, **options):
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    return subprocess.Popen(
      [*self.buildah, "run", "--isolation", "chroot", *variables, self.name, "--", *command],
      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

  def health(self, environment):
    """The health check's exit status and output."""
    kind, *command = self.image["Healthcheck"]["Test"]
    check(kind == "CMD", f"a health check that needs a shell: {self.image['Healthcheck']}")
    process = self.start(command, environment)
    output = process.communicate(timeout=PATIENCE)[0]
    return process.returncode, output


def daemon_of(port):
  """The process id and the user's number of the daemon with this port in its environment."""
  for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
      if (folder / "comm").read_text() == "beat-watch\n" and f":{port}/".encode() in (folder / "environ").read_bytes():
        return int(folder.name), folder.stat().st_uid
    except OSError:
      pass
  return None


def main(archive, storage):
  container = Container(archive, storage)
  folder = pathlib.Path(tempfile.mkdtemp(prefix="beat-watch-image-"))
  port, tls = free_port(), free_port()
  subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
     "-keyout", folder / "key", "-out", folder / "certificate"], check=True, capture_output=True)
  server = subprocess.Popen(
    ["redis-server", "--port", str(port), "--tls-port", str(tls), "--tls-cert-file", folder / "certificate",
     "--tls-key-file", folder / "key", "--tls-auth-clients", "no", "--bind", "127.0.0.1", "--save", "", "--dir", folder],
    stdout=subprocess.DEVNULL)

  def redis(*words, database=0):
    return subprocess.run(
      ["redis-cli", "-p", str(port), "-n", str(database), *words], capture_output=True, text=True,
      check=False).stdout.strip()

  try:
    wait(lambda: redis("PING") == "PONG", "redis-server")
    document = {
      "name": "hello", "task": "tasks.greet", "enabled": True, "run_immediately": True, "timezone": "Europe/Berlin",
      "crontab": {"minute": "30", "hour": "2"}}
    for kind, url in (("TCP", f"redis://localhost:{port}/"), ("TLS", f"rediss://localhost:{tls}/")):
      query = "?ssl_cert_reqs=none" if kind == "TLS" else ""
      environment = {
        "CELERY_REDIS_SCHEDULER_URL": f"{url}1{query}", "CELERY_BROKER_URL": f"{url}0{query}"}
      redis("FLUSHALL")
      status, output = container.health(environment)
      check(status == 1, f"healthy without a daemon: {status} {output}")
      redis("SET", "tasks:meta:hello", json.dumps(document), database=1)
      command = container.image["Entrypoint"] + container.image["Cmd"]
      begun = time.monotonic()
      daemon = container.start(command, environment)
      wait(lambda: redis("LLEN", "celery") == "1", "a message from the daemon in the container")
      seconds = time.monotonic() - begun
      pid, user = daemon_of(url.split(":")[2].strip("/"))
      check(user != 0, "it runs as root")
      status, output = container.health(environment)
      check(status == 0, f"not healthy: {status} {output}")
      os.kill(pid, 15)  # The image's STOPSIGNAL.
      check(daemon.wait(PATIENCE) == 0, f"it ended with {daemon.returncode}: {daemon.stdout.read()}")
      print(f"image: by {kind}: the first message after {seconds:.1f} s, as user {user}, healthy, ended in order")
  finally:
    server.terminate()
    server.wait()
    container("rm", container.name)
    shutil.rmtree(folder)


if __name__ == "__main__":
  main(sys.argv[1], sys.argv[2])
