"""Daemons with an endpoint, private servers, and a real Prometheus. None of them outlives this process."""

import json
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
# Chaos has a `stage` of its own.
sys.path[1:1] = [str(PROJECT / "scripts/lib"), str(HERE.parent / "Chaos")]
from exposition import ask, samples  # noqa: E402
from servers import PREFIX, Redis, spawn  # noqa: E402
from stage import clean_environment, free_port  # noqa: E402

PATIENCE = 60.0


class Failed(Exception):
  """Something that should have happened has not. The text says what."""


def wait(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise Failed(f"{what}: not within {seconds:g} s")
    time.sleep(0.05)


class Daemon:
  """A daemon with an endpoint on a port of its own, which it keeps when it is started again."""

  def __init__(
    self, name: str, program: pathlib.Path, folder: pathlib.Path, store: str, broker: str, *options: Any
  ) -> None:
    self.name = name
    self.port = free_port()
    self.log = folder / f"{name}.log"
    self.command = [
      program, "run", "--store-url", store, "--broker-url", broker, "--http-listen", f"127.0.0.1:{self.port}", *options]
    self.process: Optional["subprocess.Popen[bytes]"] = None

  @property
  def instance(self) -> str:
    return f"127.0.0.1:{self.port}"

  def start(self) -> None:
    with open(self.log, "ab") as log:
      self.process = spawn(self.command, stdout=log, stderr=log, env=clean_environment())

  def send(self, number: int) -> None:
    if self.process:
      self.process.send_signal(number)

  def end(self, number: int = signal.SIGKILL) -> None:
    if self.process:
      self.process.send_signal(number)
      self.process.wait(PATIENCE)

  def answers(self, path: str) -> int:
    """The status of the answer; 0: there is none."""
    if self.process and self.process.poll() is not None:
      raise Failed(f"{self.name} has ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
    try:
      return ask(self.port, path).status
    except OSError:
      return 0

  def value(self, name: str, **labels: str) -> Optional[float]:
    return samples(ask(self.port, "/metrics").text).get((name, tuple(sorted(labels.items()))))

  @property
  def leads(self) -> bool:
    return self.value("reactivebeat_leading") == 1


def url(redis: Redis, database: int) -> str:
  return f"redis+socket://{redis.path}?virtual_host={database}"


def write(redis: Redis, database: int, name: str, seconds: int = 1, **fields: Any) -> None:
  """Stores a schedule with an interval."""
  redis.client(database)("SET", PREFIX + name, document(name, seconds, **fields))


def document(name: str, seconds: int = 1, **fields: Any) -> str:
  interval = {"every": seconds, "period": "seconds"}
  return json.dumps({"name": name, "task": "tasks.tick", "enabled": True, "interval": interval} | fields)


Alert = Tuple[str, str]  # its name, and its job; "" without one


class Prometheus:
  """A server with rules, which scrapes and evaluates once a second."""

  def __init__(self, folder: pathlib.Path, rules: str) -> None:
    self.port = free_port()
    self.targets = folder / "targets.json"
    self.place({})
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(
      "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
      "rule_files: [rules.yml]\n"
      "scrape_configs:\n"
      f"  - {{job_name: daemons, file_sd_configs: [{{files: [{self.targets}], refresh_interval: 1s}}]}}\n")
    with open(folder / "prometheus.log", "ab") as log:
      self.process = spawn(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{self.port}"],
        stdout=log, stderr=log, cwd=folder)
    wait(self.is_ready, "Prometheus is ready")

  def place(self, jobs: Dict[str, List[Daemon]]) -> None:
    """Says whom to scrape."""
    new = self.targets.with_suffix(".new")
    new.write_text(json.dumps([
      {"targets": [daemon.instance for daemon in daemons], "labels": {"job": job}} for job, daemons in jobs.items()]))
    new.replace(self.targets)

  def is_ready(self) -> bool:
    try:
      with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
        return bool(answer.status == 200)
    except OSError:
      return False

  def get(self, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10) as answer:
      return json.load(answer)["data"]

  def healthy_targets(self) -> int:
    return sum(target["health"] == "up" for target in self.get("targets?state=active")["activeTargets"])

  def texts(self) -> List[Dict[str, Any]]:
    """The alerts that go off, with their texts."""
    return [alert for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"]

  def firing(self) -> Set[Alert]:
    return {(alert["labels"]["alertname"], alert["labels"].get("job", "")) for alert in self.texts()}

  def end(self) -> None:
    self.process.terminate()
    self.process.wait(PATIENCE)
