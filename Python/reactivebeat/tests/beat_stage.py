"""The real `celery` of both versions with an application of a test's own."""

import os
import pathlib
import re
import signal
import subprocess
from typing import Any, Dict, List, Optional

from conftest import PROJECT, Server
from guard_stage import python, wait_for

VERSIONS = ["5.7", "5.6"]

APPLICATION = '''
import os
from celery import Celery
app = Celery("proj", broker=os.environ["STAGE_BROKER"])
app.conf.redis_scheduler_url = os.environ["STAGE_STORE"]
app.conf.task_ignore_result = True


@app.task(name="proj.hello", shared=False)
def hello(text="there"):
  import redis
  redis.Redis(unix_socket_path=os.environ["STAGE_SOCKET"], db=2).rpush("hello", text)
'''


class Stage:
  """A Redis, an application in a file, and the processes of Celery on it."""

  def __init__(self, server: Server, folder: pathlib.Path, beat_watch: pathlib.Path, celery: str) -> None:
    self.server, self.folder, self.celery = server, folder, celery
    self.store, self.notes = server.client(1), server.client(2)
    self.processes: List["Process"] = []
    #: What follows `celery -A`.
    self.application = "proj"
    self.program, *path = python(celery, folder)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "beat-watch").symlink_to(beat_watch)
    self.environment: Dict[str, str] = {
      **{name: value for name, value in os.environ.items() if not name.startswith(("CELERY", "BEAT_WATCH", "PYTHON"))},
      "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1",
      "PYTHONPATH": os.pathsep.join([self._metadata(), *path]),
      "STAGE_BROKER": server.url(0), "STAGE_STORE": server.url(1), "STAGE_SOCKET": server.socket}
    self.write("")

  def _metadata(self) -> str:
    """What an installer would have written of the package: the entry points are found there."""
    metadata = self.folder / "installed" / "reactivebeat-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: reactivebeat\nVersion: 0\n")
    project = (PROJECT / "Python/reactivebeat/pyproject.toml").read_text()
    entries = re.findall(r'^\[project\.entry-points\."(.*)"\]\n((?:[a-z].*\n)+)', project, re.MULTILINE)
    (metadata / "entry_points.txt").write_text(
      "".join(f"[{group}]\n" + lines.replace('"', "") for group, lines in entries))
    return str(metadata.parent)

  def write(self, more: str) -> None:
    """The application with these lines at its end."""
    (self.folder / "proj.py").write_text(APPLICATION + more)

  def start(self, *arguments: str, **environment: str) -> "Process":
    process = Process(self, [self.program, "-m", "celery", "-A", self.application, *arguments], environment)
    self.processes.append(process)
    return process

  def beat(self, *arguments: str, **environment: str) -> "Process":
    return self.start("beat", "-S", "reactivebeat", *arguments, **environment)

  def publish(self, *arguments: str) -> List[str]:
    """What `python -m reactivebeat publish` prints."""
    done = subprocess.run(
      [self.program, "-m", "reactivebeat", "publish", "-A", self.application, *arguments], cwd=self.folder, env=self.environment,
      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()

  def hello(self) -> bytes:
    """What the task was called with, when it has run."""
    # Not BLPOP: newer releases of redis-py give up after five seconds.
    said: bytes = wait_for(lambda: self.notes.lpop("hello"), lambda: "\n".join(each.text for each in self.processes))
    return said

  def end(self) -> None:
    for process in self.processes:
      process.kill()


class Process:
  def __init__(self, stage: Stage, command: List[str], environment: Dict[str, str]) -> None:
    self.path = stage.folder / f"process-{len(stage.processes)}.log"
    with open(self.path, "wb") as log:
      self.popen = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *command], cwd=stage.folder, env={**stage.environment, **environment},
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

  @property
  def pid(self) -> int:
    return self.popen.pid

  @property
  def text(self) -> str:
    return self.path.read_text(errors="replace")

  def wait_for(self, text: str, path: Optional[pathlib.Path] = None) -> str:
    """The first line of the log that holds `text`."""
    def found() -> Any:
      lines = path.read_text().splitlines() if path is not None and path.exists() else self.text.splitlines()
      line = next((line for line in lines if text in line), None)
      assert line is not None or self.popen.poll() is None, f"it has ended without {text!r}: {self.text}"
      return line
    return str(wait_for(found, lambda: f"{text!r} did not come: {self.text}"))

  def end(self, number: int = signal.SIGTERM) -> int:
    """Its exit status after a signal."""
    self.popen.send_signal(number)
    return self.popen.wait(60)

  def ended(self) -> int:
    return self.popen.wait(60)

  def kill(self) -> None:
    if self.popen.poll() is None:
      os.killpg(self.pid, signal.SIGKILL)
      self.popen.wait()


def executable(pid: int) -> str:
  try:
    return os.path.realpath(f"/proc/{pid}/exe")
  except OSError:
    return ""


def resident(pid: int) -> int:
  """KiB of memory that a process has in use."""
  found = re.search(r"^VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
  assert found is not None
  return int(found[1])
