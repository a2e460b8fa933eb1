"""The servers, the workers, and what their tasks have written down."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

from celery import Celery
from certificates import Authority

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "Servers"))
import mongo_program  # noqa: E402
import rabbit_program  # noqa: E402
from rabbit_scene import PREFIX, PROJECT, VENVS, Failed, Scene, wait  # noqa: E402

__all__ = ["HERE", "PROJECT", "VENVS", "Failed", "Record", "Stage", "mongo_program", "rabbit_program", "wait"]

#: The database of Redis that has what tasks have written down. Those after it have schedules.
RECORDS = 0
_PAIR = re.compile(r'\{"([^"]*)",\s*"([^"]*)"\}')
_CONNECTION = re.compile(r'\{"([^"]*)",\s*"([^"]*)",\s*(true|false)\}')
_FIRED = re.compile(rf" fired {PREFIX}(\S+) .*\bid=(\S+)")
Record = Dict[str, Any]


class Stage(Scene):
  """`celery` is the version of the workers. The store of each part is a database of Redis of its own."""

  def __init__(self, folder: pathlib.Path, program: pathlib.Path, celery: str) -> None:
    self.authority = Authority(folder / "certificates")
    self.celery = celery
    #: How many runs of a form are expected, and in how many queues each of its messages is.
    self.expected: Dict[str, Tuple[int, int]] = {}
    server = self.authority.issue("server", "DNS:localhost,IP:127.0.0.1")
    super().__init__(folder, program, tls=(self.authority.file, *server))

  # --- URLs ---

  def amqp(self) -> str:
    return f"amqp://guest:guest@127.0.0.1:{self.rabbit.port}//"

  def amqps(self, login: str) -> str:
    return f"amqps://{login}localhost:{self.rabbit.place.tls_port}//"

  def redis_url(self, database: int) -> str:
    return f"redis+socket://{self.socket}?virtual_host={database}"

  # --- documents and daemons ---

  def write_to(self, database: int, *documents: Dict[str, Any]) -> None:
    for document in documents:
      self.redis(database).set(PREFIX + document["name"], json.dumps(document))

  def runs(self, database: int, name: str) -> int:
    """A schedule's `total_run_count`."""
    return int(json.loads(self.redis(database).get(PREFIX + name)).get("total_run_count", 0))

  @contextlib.contextmanager
  def beat(self, name: str, database: int, *options: str, broker: str = "", store: str = "") -> Iterator[None]:
    """A daemon whose schedules are in this database of Redis, or elsewhere."""
    program = self.daemon(name, broker or self.amqp(), *options, store=store or self.redis_url(database))
    try:
      yield
    finally:
      self.end(program)

  def fired(self, name: str) -> Dict[str, List[str]]:
    """The ids of the messages by schedule, as the log of a daemon says them."""
    ids: Dict[str, List[str]] = {}
    for line in self.log(name).splitlines():
      if found := _FIRED.search(line):
        ids.setdefault(found[1], []).append(found[2])
    return ids

  # --- RabbitMQ ---

  def release(self) -> str:
    return self.rabbit.evaluate("rabbit_misc:version()").strip('"')

  def waits_in(self, queue: str) -> Optional[int]:
    """The messages in a queue that no worker has; None: there is no such queue."""
    answer = self.rabbit.evaluate(
      f"case rabbit_amqqueue:lookup({_resource(queue)}) of {{ok, Q}} -> {{ok, N, _}} = rabbit_amqqueue:stat(Q), N; "
      "{error, not_found} -> none end")
    return None if answer == "none" else int(answer)

  def consumers_of(self, queue: str) -> int:
    return int(self.rabbit.evaluate(
      f"{{ok, Q}} = rabbit_amqqueue:lookup({_resource(queue)}), {{ok, _, N}} = rabbit_amqqueue:stat(Q), N"))

  def kind_of(self, queue: str) -> Tuple[str, Dict[str, str]]:
    """The type of a queue, and its arguments, without the type that RabbitMQ 4 adds to a classic one."""
    found = f"{{ok, Q}} = rabbit_amqqueue:lookup({_resource(queue)}), "
    arguments = self.rabbit.evaluate(
      f"{found}[{{binary_to_list(Name), lists:flatten(io_lib:format(\"~s\", [if is_integer(Value) -> "
      "integer_to_list(Value); true -> Value end]))} || {Name, _, Value} <- amqqueue:get_arguments(Q)]")
    pairs = [pair for pair in _PAIR.findall(arguments) if pair != ("x-queue-type", "classic")]
    return self.rabbit.evaluate(f"{found}amqqueue:get_type(Q)"), dict(pairs)

  def connections(self) -> List[Tuple[str, str, bool]]:
    """The user, the mechanism of the login, and whether it is TLS."""
    answer = self.rabbit.evaluate(
      "[{binary_to_list(User), binary_to_list(Mechanism), Tls} || [{_, User}, {_, Mechanism}, {_, Tls}] <- "
      "rabbit_networking:connection_info_all([user, auth_mechanism, ssl])]")
    return [(user, mechanism, tls == "true") for user, mechanism, tls in _CONNECTION.findall(answer)]

  def add_user(self, name: str) -> None:
    """A user with all rights."""
    self.rabbit.evaluate(
      f'ok = rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"hunter2-secret">>, <<"test">>), '
      f'ok = rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"/">>, <<".*">>, <<".*">>, <<".*">>, '
      '<<"test">>)')

  # --- workers ---

  @contextlib.contextmanager
  def worker(self, name: str, queues: List[str], broker: str = "", **settings: Any) -> Iterator[None]:
    """A worker of these queues, which declares them and consumes. At its end it is killed with its child.

    It has one child: a worker without, of the pool "solo", now and then takes ten seconds to look at its last message.
    """
    self.redis(RECORDS).delete(f"ready:{name}")
    program = self.start(
      name, VENVS / f"celery-{self.celery}/bin/python", "-m", "celery", "-A", "workers_app", "worker",
      "-n", f"{name}@localhost", "-P", "prefork", "-c", 1, "-l", "info", "--without-gossip", "--without-mingle",
      "--without-heartbeat",
      PYTHONPATH=str(HERE), BROKER=broker or self.amqp(), RECORDS=f"unix://{self.socket}?db={RECORDS}",
      QUEUES=json.dumps(queues), SETTINGS=json.dumps(settings), NAME=name)

    def is_ready() -> bool:
      if program.poll() is not None:
        raise Failed(f"the worker {name} has ended:\n{self.log(name)[-3000:]}")
      return bool(self.redis(RECORDS).exists(f"ready:{name}"))

    wait(is_ready, f"the worker {name} is ready", 120)
    try:
      yield
    finally:
      os.killpg(program.pid, signal.SIGKILL)
      program.wait()

  def tell(self, name: str, command: str, queue: str) -> None:
    """Sends a worker a command of Celery's remote control."""
    app, destination = Celery(broker=self.amqp(), set_as_current=False), [f"{name}@localhost"]
    answer = app.control.broadcast(
      command, {"queue": queue}, destination=destination, reply=True, timeout=30, limit=1)
    if not answer or "ok" not in answer[0][destination[0]]:
      raise Failed(f"the worker {name} does not obey {command}: {answer}")

  def records(self) -> List[Record]:
    """What tasks have written down, the oldest first."""
    return [json.loads(line) for line in self.redis(RECORDS).lrange("records", 0, -1)]

  def ends(self) -> str:
    """The ends of all logs, for a failure."""
    logs = (log for log in sorted(self.folder.glob("*.log")) if log.name != "redis.log")
    return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-800:]}" for log in logs)

  def revoked(self) -> List[Record]:
    return [json.loads(line) for line in self.redis(RECORDS).lrange("revoked", 0, -1)]


def _resource(queue: str) -> str:
  return f'rabbit_misc:r(<<"/">>, queue, <<"{queue}">>)'
