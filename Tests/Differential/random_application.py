"""Celery applications at random: routes, options of tasks, queues, defaults, transport options. A seed gives the same
application in every process, so that a failure can be looked at again."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Optional

import celery
from celery import Celery, Task
from kombu import Exchange, Queue

TASKS = ["proj.mail", "proj.mail.send", "proj.report", "proj.sync", "shop.pay", "shop.refund", "tidy"]
#: A task that schedules name and the application does not have.
UNKNOWN = "other.task"
NAMES = ["red", "green", "blue", "späť", "with space"]
IS_NEW = tuple(celery.VERSION[:2]) >= (5, 7)


class Shadowed(Task):
  """A class of tasks with another name in logs."""

  def shadow_name(self, args: Any, kwargs: Any, options: Any) -> str:
    return f"shadow of {self.name}"


class Routes:
  """A router of the kind with a method, whose answers depend on the task's name only."""

  def __init__(self, answers: Dict[str, Any]) -> None:
    self.answers = answers

  def route_for_task(self, task: str, args: Any = None, kwargs: Any = None) -> Any:
    return self.answers.get(task)


class ClassOfRoutes(Routes):
  """The same by its name in the settings: Celery makes the instance when it first sends."""

  def __init__(self) -> None:
    super().__init__({"proj.report": {"queue": "blue", "priority": 4}, "tidy": "green"})


def route_by_name(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any) -> Any:
  """A function by its name in the settings. It looks at the task and at the options."""
  if task is not None and task.ignore_result:
    return {"queue": "blue"}
  return {"routing_key": "red.x"} if options.get("time_limit") else None


class Application:
  """An application of a seed. `app` is Celery's, `words` what it consists of."""

  def __init__(self, seed: int, broker: str) -> None:
    self.random = random.Random(seed)
    self.words: Dict[str, Any] = {}
    self.app = Celery(f"app{seed}", broker=broker, set_as_current=False)
    self.queues: List[Queue] = []
    settings = self.settings()
    settings["broker_transport_options"] = self.transport_options()
    settings["task_routes"] = self.routes()
    annotations = self.annotations()
    if annotations:
      settings["task_annotations"] = annotations
    self.app.conf.update(settings)
    self.words.update({name: value for name, value in settings.items() if name != "task_queues"})
    for name in TASKS:
      self.add_task(name)
    self.app.finalize()

  def chance(self, share: float) -> bool:
    return self.random.random() < share

  def settings(self) -> Dict[str, Any]:
    r = self.random
    settings: Dict[str, Any] = {
      "enable_utc": self.chance(0.7), "timezone": r.choice(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
      "task_send_sent_event": self.chance(0.2), "task_always_eager": False}
    for share, name, values in [
      (0.5, "task_default_queue", ["work", "red"]), (0.2, "task_default_exchange", ["hub", "red"]),
      (0.15, "task_default_exchange_type", ["direct", "topic"]),
      (0.2, "task_default_routing_key", ["work", "a.b", "red"]),
      (0.25, "task_default_priority", [0, 3, 9]), (0.2, "task_queue_max_priority", [5, 10]),
      (0.2, "task_default_delivery_mode", ["transient", "persistent", 1]), (0.2, "task_ignore_result", [True, False]),
      (0.2, "task_time_limit", [100, 99.5]), (0.2, "task_soft_time_limit", [30, 80]),
      (0.15, "task_create_missing_queues", [False]), (0.1, "task_inherit_parent_priority", [True])]:
      if self.chance(share):
        settings[name] = r.choice(values)
    if IS_NEW and self.chance(0.15):
      settings["task_create_missing_queue_exchange_type"] = r.choice(["direct", "topic"])
    if IS_NEW and self.chance(0.1):
      settings["task_create_missing_queue_type"] = "quorum"
    if self.chance(0.6):
      names = r.sample(NAMES, r.randint(1, 4)) + [settings.get("task_default_queue", "celery")]
      self.queues = [self.queue(name) for name in dict.fromkeys(names)]
      settings["task_queues"] = self.queues
      self.words["task_queues"] = [
        (queue.name, getattr(queue.exchange, "name", None), getattr(queue.exchange, "type", None),
         getattr(queue.exchange, "delivery_mode", None), queue.routing_key, queue.queue_arguments)
        for queue in self.queues]
    return settings

  def queue(self, name: str) -> Queue:
    r = self.random
    arguments = {"x-max-priority": r.choice([5, 10])} if self.chance(0.3) else None
    kind = r.choice(["plain", "plain", "direct", "topic", "transient", "fanout", "nameless", "alias"])
    if kind == "plain":
      return Queue(name, queue_arguments=arguments)
    if kind == "nameless":
      return Queue(name, Exchange("", type="direct"), r.choice([name, ""]), queue_arguments=arguments)
    if kind == "alias":
      return Queue(name, Exchange(name), name, alias=f"alias of {name}", queue_arguments=arguments)
    if kind == "topic":
      key = r.choice([f"{name}.#", f"{name}.*", f"{name}.x"])
      return Queue(name, Exchange(f"{name}-topic", type="topic"), key, queue_arguments=arguments)
    if kind == "fanout" and self.chance(0.5):
      return Queue(name, Exchange(f"{name}-all", type="fanout"), queue_arguments=arguments)
    mode = 1 if kind == "transient" else None
    exchange = Exchange(r.choice([name, "hub"]), type="direct", delivery_mode=mode)
    return Queue(name, exchange, r.choice([name, f"{name}.key"]), queue_arguments=arguments)

  def transport_options(self) -> Dict[str, Any]:
    options: Dict[str, Any] = {}
    if self.chance(0.25):
      options["global_keyprefix"] = self.random.choice(["p:", "shop's-"])
    if self.chance(0.2):
      options["sep"] = self.random.choice([":", "--"])
    if self.chance(0.25):
      options["priority_steps"] = self.random.choice([list(range(10)), [0, 5], [0, 3, 6, 9]])
    return options

  def name(self) -> str:
    """A queue's name: one that there is, or any."""
    if self.queues and self.chance(0.6):
      queue = self.random.choice(self.queues)
      return str(queue.alias or queue.name)
    return self.random.choice(NAMES)

  def route(self) -> Any:
    r = self.random
    kind = r.choice(["name", "queue", "queue", "queue", "key", "exchange", "exchange", "both", "object", "topic"])
    if kind == "name":
      return self.name()
    route: Dict[str, Any] = {}
    if kind in ("queue", "both", "topic"):
      route["queue"] = self.name()
    if kind == "object":
      route["queue"] = r.choice(self.queues) if self.queues else Queue("made", Exchange("made"), "made")
    if kind in ("key", "topic") or self.chance(0.2):
      route["routing_key"] = r.choice(["red", "red.x", "green.x.y", "a.b"])
    if kind == "exchange" or (kind == "both" and self.chance(0.7)):
      route["exchange"] = r.choice(["hub", "red", "red-topic", Exchange("hub"), Exchange("green-topic", type="topic")])
      if self.chance(0.8):
        route["routing_key"] = r.choice(["red", "red.x", "green.key", "a.b"])
      if self.chance(0.2):
        route["exchange_type"] = r.choice(["direct", "topic"])
    for share, field, values in [
      (0.25, "priority", [0, 1, 5, 9, 12]), (0.1, "delivery_mode", [1, "transient", 2]), (0.05, "headers", [{"h": 1}]),
      (0.05, "time_limit", [5]), (0.05, "expires", [5]), (0.05, "ignore_result", [True]), (0.05, "shadow", ["s"])]:
      if self.chance(share):
        route[field] = r.choice(values)
    return route

  def table(self) -> Dict[Any, Any]:
    keys: List[Any] = self.random.sample(TASKS + [UNKNOWN], self.random.randint(1, 4))
    table: Dict[Any, Any] = {key: self.route() for key in keys}
    if self.chance(0.4):
      table[self.random.choice(["proj.*", "shop.*", "*", "*.mail*"])] = self.route()
    if self.chance(0.25):
      table[re.compile(self.random.choice([r"proj\.(mail|sync)$", r"shop\..*", r".*d"]))] = self.route()
    return table

  def router(self) -> Any:
    kind = self.random.choice(["table", "table", "pairs", "function", "method", "by arguments", "by name"])
    if kind == "table":
      return self.table()
    if kind == "pairs":
      return list(self.table().items())
    if kind == "by name":
      return self.random.choice(["random_application.route_by_name", "random_application.ClassOfRoutes"])
    answers = {name: self.route() for name in self.random.sample(TASKS + [UNKNOWN], 2)}
    self.words.setdefault("answers", []).append((kind, answers))
    if kind == "method":
      return Routes({name: dict(answer) if isinstance(answer, dict) else answer for name, answer in answers.items()})

    def function(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any) -> Any:
      answer = answers.get(name)
      if kind == "by arguments" and not kwargs.get("customer"):
        return None
      return dict(answer) if isinstance(answer, dict) else answer
    return function

  def routes(self) -> Any:
    if self.chance(0.1):
      return None
    if self.chance(0.4):
      return self.table()
    return [self.router() for _ in range(self.random.randint(1, 3))]

  def annotations(self) -> Optional[Any]:
    if self.chance(0.75):
      return None
    return {
      self.random.choice(["*", *TASKS[:3]]):
        self.random.choice([{"priority": 6}, {"time_limit": 7, "soft_time_limit": 6}, {"ignore_result": True},
                            {"queue": "annotated"}, {"expires": 120}, {"rate_limit": "1/s"}])}

  def add_task(self, name: str) -> None:
    r = self.random
    options: Dict[str, Any] = {}
    later = datetime(2099, 1, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    for share, field, values in [
      (0.15, "queue", NAMES), (0.1, "routing_key", ["red", "red.x"]), (0.05, "exchange", ["hub", "red"]),
      (0.25, "priority", [0, 2, 7, 10]), (0.15, "expires", [60, 0.5, 3600, later]), (0.2, "time_limit", [40, 41.5]),
      (0.15, "soft_time_limit", [20, 0.5]), (0.25, "ignore_result", [True, False]),
      (0.15, "delivery_mode", [1, 2, "transient", "persistent"]), (0.05, "serializer", ["pickle", "json"]),
      (0.03, "compression", ["zlib"]), (0.1, "base", [Shadowed]), (0.1, "typing", [False])]:
      if self.chance(share):
        options[field] = r.choice(values)
    self.words[f"task {name}"] = options

    if self.chance(0.3):
      @self.app.task(name=name, shared=False, **options)
      def demanding(customer: str, *more: Any) -> None:
        pass
    else:
      @self.app.task(name=name, shared=False, **options)
      def work(*args: Any, **kwargs: Any) -> None:
        pass
