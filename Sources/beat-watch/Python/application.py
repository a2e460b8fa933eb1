"""Prints the beat_schedule of a Celery application as schedule documents, one JSON object a line:
{"name": …, "document": {…}, "notes": […]} or {"name": …, "problem": …}; at the end {"error": …} if it could not be had.

The first line is {"transport_options": {…}}: those that decide where the workers' messages lie, and no others.

Arguments: the application as for `celery -A`, and the file in which celery beat keeps its last runs, or nothing.
With the third argument `manifest` it prints one line, {"manifest": {…}}: what the application says of its tasks, and
of those whose names standard input has, one JSON text a line.
With the third argument `routes`, it says where the schedules of another source go: standard input has one JSON object a
line, {"index": …, "task": …, "args": …, "kwargs": …, "options": {…}}; it prints {"application": {"timezone": …}} after the
first line, and for each line {"index": …, "fields": {…}, "notes": […]} or {"index": …, "problem": …}.
Routes and the options of tasks are settled by Celery itself: it sends, but to a producer that only records.
"""
from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple

# Options of an entry that are no part of the question: with them Celery would really send.
OWN = {"producer", "publisher", "connection"}
# Options that Celery takes, but that do not change the message, or only where it goes.
SILENT = OWN | {"add_to_parent", "retry", "retry_policy", "immediate", "mandatory", "exchange_type", "route_name",
                "expiration"}
# Options that fields of a document stand for.
HONOURED = {"queue", "exchange", "routing_key", "expires", "priority", "time_limit", "soft_time_limit", "headers",
            "ignore_result", "shadow", "argsrepr", "kwargsrepr", "serializer", "compression", "delivery_mode"}
DESTINATION = {"queue", "exchange", "exchange_type", "routing_key"}
# Options without which the task would run at another time, or in another way. They are handed on as they are: the
# daemon's reader refuses them, and says why.
NEEDED = {"countdown", "eta", "link", "link_error", "chain", "chord", "group_id", "group_index", "task_id", "retries",
          "reply_to", "stamped_headers"}


class Refused(Exception):
  """The entry cannot be imported. The text says why, and what to do."""


def told(error: BaseException) -> str:
  """What kind of error it is, and what it says. It may be the application's own, and goes into logs and to whoever can
  read the schedules: passwords are masked, in URLs and where they are called so."""
  import re
  text = re.sub(r"(?<=://)\S*@", "***@", str(error))
  value = r"""(?:'[^']*'|"[^"]*"|[^\s,;)}\]]+)"""
  text = re.sub(rf"""(?i)((?:password|passwd|pwd|secret|token|api_?key)['"]?\s*[=:]\s*){value}""", r"\1***", text)
  return f"{type(error).__name__}: {text}"


def zone_name(zone: Any) -> Optional[str]:
  """The IANA name of a zone, or None."""
  for attribute in ("key", "zone"):
    name = getattr(zone, attribute, None)
    if name:
      return str(name)
  return "UTC" if str(zone) in ("UTC", "utc") else None


def load(name: str) -> Any:
  from celery.app.utils import find_app
  app = find_app(name)
  app.loader.init_worker()
  app.finalize()
  return app


def routes(name: str, output: Any) -> None:
  """Where the schedules of another source go."""
  import json
  from types import SimpleNamespace
  requests = [json.loads(line) for line in sys.stdin.buffer.read().splitlines() if line.strip()]
  app = load(name)
  output.write(dumps({"transport_options": transport_options(app)}) + "\n")
  output.write(dumps({"application": {"timezone": zone_name(app.timezone)}}) + "\n")
  for request in requests:
    record: Dict[str, Any] = {"index": request["index"]}
    notes: List[str] = []
    entry = SimpleNamespace(
      task=request["task"], args=request.get("args") or [], kwargs=request.get("kwargs") or {},
      options=request["options"])
    try:
      record["fields"], record["notes"] = sending(app, entry, notes), notes
      if entry.task not in app.tasks:
        notes.append(f"the application has no task {entry.task}; it is sent as it is")
      text = dumps(record)
    except Refused as refusal:
      text = dumps({"index": request["index"], "problem": str(refusal)})
    except Exception as error:
      text = dumps({"index": request["index"], "problem": f"Celery refuses it: {told(error)}"})
    output.write(text + "\n")


def main(name: str, schedule_file: Optional[str], output: Any) -> None:
  app = load(name)

  output.write(dumps({"transport_options": transport_options(app)}) + "\n")
  last = last_runs(schedule_file) if schedule_file else {}
  for key, value in beat_entries(app).items():
    record: Dict[str, Any] = {"name": str(key)}
    try:
      record["document"], record["notes"] = document(app, schedule_entry(app, key, value), last.get(key))
      text = dumps(record)
    except Refused as refusal:
      text = dumps({"name": str(key), "problem": str(refusal)})
    except Exception as error:
      text = dumps({"name": str(key), "problem": f"Celery refuses it: {told(error)}"})
    output.write(text + "\n")


def beat_entries(app: Any) -> Dict[Any, Any]:
  """The application's beat_schedule, with the entry that celery.beat.Scheduler adds."""
  from celery.schedules import crontab
  entries = dict(app.conf.beat_schedule)
  if app.conf.result_expires and not app.backend.supports_autoexpire:
    entries.setdefault("celery.backend_cleanup", {
      "task": "celery.backend_cleanup", "schedule": crontab("0", "4", "*"), "options": {"expires": 12 * 3600}})
  return entries


def schedule_entry(app: Any, key: Any, value: Any) -> Any:
  """An entry as Celery's beat has it. Raises what Celery raises."""
  from celery.beat import ScheduleEntry
  return value if isinstance(value, ScheduleEntry) else ScheduleEntry(**dict(value, name=key, app=app))


def transport_options(app: Any) -> Dict[str, Any]:
  """The options of a Redis broker that decide where messages lie. All others stay out: they may be secret."""
  scheme = str(app.conf.broker_write_url or "").partition(":")[0]
  given = app.conf.broker_transport_options or {}
  if not scheme.startswith(("redis", "rediss", "sentinel", "socket")):
    return {}
  options = {name: given[name] for name in ("global_keyprefix", "sep", "priority_steps") if name in given}
  if isinstance(options.get("priority_steps"), (tuple, range)):
    options["priority_steps"] = list(options["priority_steps"])
  return {name: value if isinstance(value, (str, list)) else str(value) for name, value in options.items()
          if value is not None}


def has_rabbitmq(app: Any) -> bool:
  """Without a URL, Celery's broker is a RabbitMQ on this machine."""
  return str(app.conf.broker_write_url or "amqp:").partition(":")[0].lower() in ("amqp", "amqps", "pyamqp")


def queue_declaration(conf: Any) -> str:
  """How RabbitMQ's workers declare a queue of which nothing else is said, in the words of --broker-declare.

  Raises ValueError with the setting and what is wrong with it.
  """
  kind, missing = conf.get("task_default_queue_type"), conf.get("task_create_missing_queue_type")
  kind, missing = kind or "classic", missing or "classic"
  most = conf.get("task_queue_max_priority")
  if kind not in ("classic", "quorum"):
    raise ValueError("task_default_queue_type", f"expected classic or quorum, found {kind!r}")
  if kind != missing:
    # A worker ends when it finds one of its queues declared in another form.
    raise ValueError(
      "reactivebeat_broker_declare",
      f"the workers declare the default queue as {kind} (task_default_queue_type) and others as {missing} "
      "(task_create_missing_queue_type), and beat-watch declares all alike: set both settings alike, or name the kind "
      "here")
  if most is None:
    return str(kind)
  if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= 255:
    raise ValueError("task_queue_max_priority", f"expected a whole number from 1 to 255, found {most!r}")
  if kind == "quorum":
    raise ValueError("task_queue_max_priority", "a quorum queue takes no max-priority: RabbitMQ refuses it")
  return f"classic,max-priority={most}"


def dumps(record: Any) -> str:
  from kombu.utils import json
  encode: Any = json.dumps
  text: str = encode(record, ensure_ascii=False)
  return text


def last_runs(file: str) -> Dict[Any, Any]:
  """The entries that celery beat has stored, by name."""
  import shelve
  without = file[:-3] if file.endswith(".db") else file  # Some kinds of dbm add the suffix themselves.
  for candidate in (file, without):
    try:
      with shelve.open(candidate, flag="r") as store:
        return dict(store.get("entries", {}))
    except Exception as error:
      failure = error
  raise Refused(
    f"--schedule-file {file}: {failure}; give the file of celery beat (its option -s), and stop celery beat first")


def document(app: Any, entry: Any, kept: Any, beside: Optional[Dict[str, Any]] = None) -> Tuple[
    Dict[str, Any], List[str]]:
  """The entry as a document, and what is to be said of it. Raises Refused.

  - beside: what the manifest says of the task. The document has what the entry itself says, and what the manifest does
    not say. None: all of it.
  """
  notes: List[str] = []
  result = {"name": str(entry.name), "task": entry.task, "enabled": True}
  result.update(timing(app, entry.schedule, notes))
  result.update(arguments(entry))
  result.update(sending(app, entry, notes, beside))
  if beside is not None:
    for field in ("args", "kwargs"):
      if not result[field]:
        del result[field]
    if result.get("timezone") == zone_name(app.timezone):
      result.pop("timezone", None)
  if kept is not None:
    if kept.last_run_at is not None:
      result["last_run_at"] = date(app, kept.last_run_at)
    result["total_run_count"] = kept.total_run_count or 0
  if entry.task not in app.tasks:
    notes.append(f"the application has no task {entry.task}; it is sent as it is")
  return result, notes


def timing(app: Any, schedule: Any, notes: List[str]) -> Dict[str, Any]:
  """The document's fields for the schedule and its zone."""
  from celery import VERSION, schedules
  zone = zone_name(schedule.tz)
  if schedule.nowfun is not None and type(schedule) is schedules.crontab:
    # Before 5.7 Celery matched a crontab in the zone of the last run, which was that of its nowfun. 5.7 uses the
    # application's zone.
    if tuple(VERSION[:2]) < (5, 7):
      zone = zone_name(getattr(schedule.nowfun(), "tzinfo", None))
    notes.append(f"has a nowfun; this Celery goes by the clock of {zone}, and so does the document")
  # Only the exact types are understood: a user's own subclass may compute anything.
  if type(schedule) is schedules.schedule:
    seconds = schedule.run_every.total_seconds()
    interval = {"every": int(seconds) if seconds == int(seconds) else seconds, "period": "seconds"}
    if not schedule.relative:
      return {"interval": interval}
    interval["relative"] = True
    return {"interval": interval, "timezone": known(zone)}
  if type(schedule) is schedules.crontab or type(schedule).__name__ == "TzAwareCrontab":  # django-celery-beat's.
    fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
    result = {"crontab": {field: crontab_field(schedule, field) for field in fields}, "timezone": known(zone)}
    window = deadline(app.conf.beat_cron_starting_deadline)
    return result if window is None else dict(result, catchup_window=window)
  if isinstance(schedule, schedules.solar):
    raise Refused("a solar schedule cannot be expressed; write a crontab, or let a crontab's task look at the sun")
  raise Refused(f"its schedule is a {type(schedule).__name__}, which is not known here; write it as interval or crontab")


def deadline(value: Any) -> Any:
  """How many seconds old a missed run may be; None: no limit. It holds for crontabs only, as in
  celery.schedules.crontab.is_due."""
  import math
  number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
  if value is not None and not (number and value >= 0):
    raise Refused(f"beat_cron_starting_deadline {value!r} is no number of seconds, 0 or more: set it right, or take it out")
  return value


def known(zone: Optional[str]) -> str:
  if zone is None:
    raise Refused("the application goes by its host's local time; give it a timezone such as \"Europe/Berlin\"")
  return zone


def crontab_field(schedule: Any, field: str) -> Any:
  """A crontab's field as the user wrote it, or else the numbers it stands for."""
  written = getattr(schedule, "_orig_" + field)
  return written if isinstance(written, (int, str)) else sorted(getattr(schedule, field))


def arguments(entry: Any) -> Dict[str, Any]:
  from celery.beat import BeatLazyFunc
  args, kwargs = list(entry.args or ()), dict(entry.kwargs or {})
  if any(isinstance(value, BeatLazyFunc) for value in args + list(kwargs.values())):
    raise Refused("its arguments are computed at each run (BeatLazyFunc); let the task compute them")
  for field, value in (("args", args), ("kwargs", kwargs)):
    try:
      dumps(value)
    except Exception as error:
      raise Refused(f"{field}: {error}; only JSON can be sent")
  return {"args": args, "kwargs": kwargs}


def sending(app: Any, entry: Any, notes: List[str], beside: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
  """The document's fields that say where and how the task is sent: options of the entry, of its task, and of its
  route. What the manifest says beside the document is left out, unless the entry itself, or a function for the entry's
  arguments, says so."""
  options = {key: value for key, value in entry.options.items() if value is not None}
  needed = {key: plain(value) for key, value in options.items() if key in NEEDED and value}
  asked = {key: value for key, value in options.items() if key not in NEEDED and key not in OWN}
  args, kwargs = list(entry.args or ()), dict(entry.kwargs or {})
  sent = ask(app, entry.task, args, kwargs, asked)
  notes += sent.notes
  if getattr(sent.task, "typing", False) and hasattr(sent.task, "__header__"):
    try:
      sent.task.__header__(*args, **kwargs)
    except TypeError as error:
      notes.append(
        f"its task does not take these arguments, so that celery beat would not send it; here it is sent, and fails: "
        f"{error}")
  result = dict(sent.destination(app), **sent.fields(app))
  if sent.headers:
    result["headers"] = sent.headers
  for key in ("argsrepr", "kwargsrepr"):
    if key in sent.options:
      result[key] = sent.options[key]
  # What the daemon's own defaults are. A worker takes no word on the result as false.
  for key, default in (("delivery_mode", 2), ("ignore_result", False)):
    if result.get(key) == default and key not in options:
      del result[key]
  if beside is not None:
    keep = {"headers", "argsrepr", "kwargsrepr"} | set(options)
    if sent.functions:
      keep |= {field for field in result if sent.source(app, field) == "routes"} | {"shadow"}
    differs = any(result.get(field) != beside.get(field) for field in DESTINATION)
    if keep & DESTINATION or sent.functions or differs:
      keep |= DESTINATION
    result = {field: value for field, value in result.items() if field in keep}
    # A queue of the entry's own may have another delivery mode than the task's, for example.
    for field, value in sent.fields(app).items():
      if value != beside.get(field, {"delivery_mode": 2, "ignore_result": False}.get(field)):
        result[field] = value
  if sent.serializer != "json":
    notes.append(f"was sent as {sent.serializer}, and is sent as JSON here: the workers must accept it")
  if sent.compression:
    notes.append("was sent compressed, and is not here")
  if needed:
    result["options"] = needed
  unknown = sorted(
    key for key, value in dict(sent.options, **options).items()
    if value is not None and key not in HONOURED and key not in SILENT and key not in NEEDED)
  if unknown:
    notes.append(f"its options have no effect here: {', '.join(unknown)}")
  return result


def plain(value: Any) -> Any:
  """The value if it can be JSON, else its text."""
  try:
    dumps(value)
    return value
  except Exception:
    return str(value)


# Celery is asked where and how it sends a task by letting it send. Its own functions run, with its router, its options
# of tasks and its rules for exchanges, but on stand-ins for the application, the task and the producer: no connection
# is made, no result backend is touched, and task_always_eager does not run the task.


class Published(Exception):
  """Celery has come as far as the producer. Nothing after that may run: signals, events, the result."""


class StandIn:
  """An object with some attributes replaced. All others are the object's own."""

  def __init__(self, real: Any, **replaced: Any) -> None:
    self.__dict__.update(replaced, _real=real)

  def __getattr__(self, name: str) -> Any:
    return getattr(self._real, name)


class Sent:
  """What Celery would have sent."""

  def __init__(self, task: Any, args: List[Any], kwargs: Dict[str, Any]) -> None:
    self.task, self.args, self.kwargs = task, args, kwargs
    self.notes: List[str] = []
    # What the task and its caller say, before any route.
    self.given: Dict[str, Any] = {}
    # The route that was found, or nothing.
    self.route: Dict[str, Any] = {}
    # What came to the sender, and what came to the producer.
    self.options: Dict[str, Any] = {}
    self.published: Dict[str, Any] = {}
    # The functions of the application that were asked, and why some of them could not answer.
    self.functions: List[str] = []
    self.unsaid: List[str] = []

  def watch(self, function: Any, name: str, tolerant: bool) -> Callable[..., Any]:
    """The function; a tolerant one answers nothing where it fails, and the failure is kept under its name."""
    def watched(*args: Any) -> Any:
      try:
        return function(*args)
      except (Exception, SystemExit) as error:
        if not tolerant or is_of_signal(error):
          raise
        self.unsaid.append(f"{name} asks for arguments: {told(error)}")
    return watched

  @property
  def headers(self) -> Dict[str, Any]:
    """The headers that the caller or a route adds to Celery's own."""
    return self.options.get("headers") or {}

  @property
  def serializer(self) -> Any:
    return self.published["serializer"]

  @property
  def compression(self) -> Any:
    return self.published["compression"]

  def source(self, app: Any, field: str) -> str:
    """Which part of the application a field comes from: its routes, the task's own options, or its defaults."""
    if field in DESTINATION:
      # The queue and the exchange decide; a routing key goes with an exchange.
      for names in (("queue", "exchange"), ("routing_key", "exchange_type"))[:1 if field == "queue" else 2]:
        for source, options in (("task", self.given), ("routes", self.route)):
          if any(options.get(name) is not None for name in names):
            return source
      return "default"
    if self.given.get(field) is None:
      return "routes" if self.route.get(field) is not None else "task" if field == "shadow" else "default"
    # Celery gives each task the application's default as an option of its own.
    default = app.conf.get({"priority": "task_default_priority"}.get(field, "task_" + field))
    return "default" if default is not None and self.given[field] == default else "task"

  def destination(self, app: Any) -> Dict[str, Any]:
    """Where the message goes, as fields of a document."""
    exchange, key = self.published["exchange"], self.published["routing_key"]
    name = getattr(exchange, "name", exchange)
    if not name:
      if not key:
        named = self.options.get("exchange")
        raise Refused(f"it names the exchange {getattr(named, 'name', named)} without a routing key, with which Celery "
                      "sends it to a queue without a name; name a queue")
      return {"queue": str(key)}
    if not key:
      raise Refused(f"it goes to the exchange {name} without a routing key, which a document cannot say; name a queue")
    kind = self.options.get("exchange_type") or self.exchange_type(app, exchange, name)
    # What stands in for exchanges on Redis knows these two; RabbitMQ knows each type that somebody declares.
    if kind not in ("direct", "topic") and not has_rabbitmq(app):
      raise Refused(f"it goes to a {kind} exchange, which is not supported; name a queue")
    return {"exchange": str(name), "exchange_type": kind, "routing_key": str(key)}

  def exchange_type(self, app: Any, exchange: Any, name: str) -> Any:
    """The type of an exchange for which no option gives one: as it is declared by whoever declares it."""
    queue = self.options.get("queue")
    declared = [exchange] + [getattr(queue, "exchange", None)] + [queue.exchange for queue in app.amqp.queues.values()]
    types = [other.type for other in declared if getattr(other, "name", None) == name and getattr(other, "type", None)]
    return types[0] if types else "direct"

  def fields(self, app: Any) -> Dict[str, Any]:
    """The other fields of the message, as fields of a document. Those without a value are left out."""
    import datetime
    from kombu import entity
    mode: Any = entity.maybe_delivery_mode
    headers = self.published["headers"]
    limit, soft = headers.get("timelimit") or (None, None)
    expires = self.given.get("expires")
    if isinstance(expires, datetime.datetime):
      expires = date(app, expires)
    fields = {
      "expires": expires, "priority": self.published.get("priority"), "time_limit": limit, "soft_time_limit": soft,
      "ignore_result": headers.get("ignore_result"), "shadow": headers.get("shadow"),
      "delivery_mode": mode(self.published["delivery_mode"])}
    return {name: plain(value) for name, value in fields.items() if value is not None}


def ask(app: Any, name: str, args: List[Any], kwargs: Dict[str, Any], options: Dict[str, Any],
        tolerant: bool = False) -> Sent:
  """What Celery's beat would send for the task with these arguments and options. Raises what Celery raises.

  A tolerant question is one for any arguments: what the application's own functions cannot answer without them is told
  by the answer, which goes on as if they were not there.
  """
  import inspect
  from celery.app.base import Celery
  from celery.app.task import Task
  task = app.tasks.get(name)
  sent = Sent(task, args, kwargs)
  # Functions that others have wrapped (tracing, for example) are asked without the wrapping.
  application = stand_in(app, sent, inspect.unwrap(Celery.send_task), tolerant)
  with ASKING, unheard("before_task_publish"):
    try:
      if task is None:
        application.send_task(name, args, kwargs, **options)
      else:
        # The method of Celery's own class: one that an application has put in its place may do anything.
        if inspect.unwrap(type(task).apply_async) is not inspect.unwrap(Task.apply_async):
          sent.notes.append("its class has an apply_async of its own, which is not called here")
        # Whether the arguments are those that the task takes is another question.
        caller = StandIn(
          task, app=application, _get_app=lambda: application, __v2_compat__=False, typing=False,
          _dump_pydantic_arguments=None,
          shadow_name=sent.watch(task.shadow_name, function_name(task.shadow_name), tolerant))
        if getattr(type(task).shadow_name, "__func__", type(task).shadow_name) is not Task.shadow_name:
          sent.functions.append(function_name(task.shadow_name))
        inspect.unwrap(Task.apply_async)(caller, args, kwargs, **options)
    except Published:
      return sent
    except SystemExit as error:
      if is_of_signal(error):
        raise
      raise Refused(f"the application's code ends the process when it is asked ({told(error)})") from None
  raise Refused("Celery has sent nothing")


def is_of_signal(error: BaseException) -> bool:
  """Whether a handler of a signal has raised it, wherever the process was, and not what was called."""
  import signal
  place = error.__traceback__
  while place is not None and place.tb_next is not None:
    place = place.tb_next
  handlers = [signal.getsignal(number) for number in signal.valid_signals()]
  return place is not None and any(getattr(handler, "__code__", None) is place.tb_frame.f_code for handler in handlers)


# A signal's receivers are switched off for one question at a time.
ASKING = threading.RLock()


@contextlib.contextmanager
def unheard(name: str) -> Iterator[None]:
  """While it is entered, a signal of Celery that this thread sends reaches nobody. Those of other threads do."""
  from celery import signals
  signal, thread = getattr(signals, name), threading.get_ident()
  receivers = signal._live_receivers
  signal._live_receivers = lambda sender: [] if threading.get_ident() == thread else receivers(sender)
  try:
    yield
  finally:
    del signal._live_receivers


def stand_in(app: Any, sent: Sent, send_task: Callable[..., Any], tolerant: bool) -> Any:
  """The application as Celery's functions see it while they are asked."""
  from types import SimpleNamespace

  def publish(body: Any, **published: Any) -> None:
    sent.published = published
    raise Published

  def send_task_message(producer: Any, name: str, message: Any, **options: Any) -> Any:
    sent.options = options
    return app.amqp.send_task_message(producer, name, message, **options)

  def send(name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
    sent.given = {key: value for key, value in options.items() if value is not None}
    if options.get("task_type") is not None:
      options["task_type"] = sent.task
    return send_task(application, name, args, kwargs, **options)

  connection = SimpleNamespace(_reraise_as_library_errors=contextlib.nullcontext)
  producer = SimpleNamespace(publish=publish, connection=connection, serializer=None)
  application = StandIn(
    app, send_task=send, current_worker_task=None, producer_or_acquire=lambda _=None: contextlib.nullcontext(producer),
    conf=StandIn(app.conf, task_always_eager=False), backend=SimpleNamespace(on_task_call=lambda *_: None),
    # Celery 5.6 looks at the broker's kind here, and needs it only for an eta.
    producer_pool=SimpleNamespace(connections=SimpleNamespace(connection=SimpleNamespace(
      transport=SimpleNamespace(driver_type="")))),
    amqp=StandIn(app.amqp, send_task_message=send_task_message, router=observed(app.amqp.router, sent, tolerant),
                 create_task_message=app.amqp.task_protocols[2]))
  return application


def observed(router: Any, sent: Sent, tolerant: bool) -> Any:
  """The application's router, which tells what it has found and which functions it has asked."""
  import copy
  from celery.app.routes import MapRoute
  from celery.utils.functional import maybe_evaluate
  router, query = copy.copy(router), router.query_router

  def query_router(route: Any, *arguments: Any) -> Any:
    route = maybe_evaluate(route)
    ask = query
    if not isinstance(route, MapRoute):
      sent.functions.append(function_name(route))
      ask = sent.watch(query, sent.functions[-1], tolerant)
    answer = ask(route, *arguments)
    if answer is not None:
      sent.route = {"queue": answer} if isinstance(answer, str) else dict(answer)
    return answer

  router.query_router = query_router
  return router


def function_routers(app: Any) -> List[str]:
  """The names of the routers that are functions, in their order. Those that cannot be imported are among them."""
  from celery.app.routes import MapRoute
  from celery.utils.functional import maybe_evaluate
  names = []
  for route in app.amqp.routes:
    try:
      evaluated = maybe_evaluate(route)
    except Exception:
      names.append(str((getattr(route, "_args", None) or ["?"])[0]))
      continue
    if not isinstance(evaluated, MapRoute):
      names.append(function_name(evaluated))
  return names


def function_name(function: Any) -> str:
  """A function's name with its module, or that of its class."""
  named = function if hasattr(function, "__qualname__") else type(function)
  return f"{getattr(named, '__module__', None)}.{named.__qualname__}"


# The manifest: what the application says of its tasks, for documents that do not say it themselves.

# The longest name of a queue, an exchange or a routing key in a document, in bytes.
LONGEST_NAME = 255
# No application has a task of this name: what Celery does with it, it does with all that it does not know.
UNKNOWN = "reactivebeat.a-task-that-no-application-has"


def manifest(app: Any, name: Optional[str] = None, names: Iterable[str] = ()) -> Dict[str, Any]:
  """What the application says of its tasks, as the daemon reads it: without when and by whom it is published.

  - name: the application's, unless it names itself by its setting reactivebeat_application or its main module.
  - names: tasks that are in use, whether the application has them or not; those of its beat_schedule are, too. Celery's
    own tasks are left out unless used.
  """
  import celery
  main = app.main if app.main != "__main__" else None
  tasks = used(app, names) | {task for task in app.tasks if not task.startswith("celery.")}
  result = {
    "version": 1, "application": str(app.conf.get("reactivebeat_application") or main or short(name or "celery")),
    "celery": celery.__version__, "transport_options": transport_options(app), "default": said(app, UNKNOWN),
    "routers": function_routers(app), "tasks": {task: said(app, task) for task in sorted(tasks)}}
  zone = zone_name(app.timezone)
  if zone is not None:
    result["timezone"] = zone
  if has_rabbitmq(app):
    try:
      result["queue_declaration"] = queue_declaration(app.conf)
    except ValueError:
      pass  # The workers declare their queues in several ways.
  del result["default"]["registered"]
  return result


def short(name: str) -> str:
  """An application as `celery -A` has it, without what Celery adds itself when it looks for one."""
  import re
  return re.sub(r"(?<=.)(\.celery)?(:(app|celery)?)?$", "", name)


def used(app: Any, names: Iterable[str]) -> Set[str]:
  """Tasks that schedules name: these, and those of the application's beat_schedule."""
  entries = app.conf.beat_schedule.values()
  scheduled = {entry.get("task") if isinstance(entry, dict) else getattr(entry, "task", None) for entry in entries}
  return {str(task) for task in names} | {task for task in scheduled if isinstance(task, str)}


def stamped(manifest: Dict[str, Any]) -> Dict[str, Any]:
  """The manifest with when and on which host it is published."""
  import datetime
  import socket
  now = datetime.datetime.now(datetime.timezone.utc)
  return dict(manifest, published_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"), published_by=socket.gethostname())


def manifest_text(manifest: Dict[str, Any]) -> str:
  """The manifest as JSON. Equal contents have equal texts."""
  import json
  return json.dumps(manifest, sort_keys=True, allow_nan=False)


def said(app: Any, name: str) -> Dict[str, Any]:
  """What the application says of a task for any arguments, as the fields of documents."""
  result: Dict[str, Any] = {} if name in app.tasks else {"registered": False}
  try:
    sent = ask(app, name, [], {}, {}, tolerant=True)
    others = sent.fields(app)
  except Refused as refusal:
    return dict(result, problem=str(refusal))
  except Exception as error:
    return dict(result, problem=f"Celery refuses it: {told(error)}")
  fields: Dict[str, Any] = {}
  notes = list(sent.notes)
  try:
    destination = sent.destination(app)
    for field in ("queue", "exchange", "routing_key"):
      if len(destination.get(field, "").encode("utf-8", "replace")) > LONGEST_NAME:
        raise Refused(f"its {field} has more than the {LONGEST_NAME} bytes that a document may name; name a queue")
    fields.update(destination)
  except Refused as refusal:
    result["problem"] = str(refusal)
  for field, value in others.items():
    if not SAYABLE[field](value):
      notes.append(f"{field} {value!r} is none that a document can have")
    elif (field, value) != ("delivery_mode", 2):
      fields[field] = value
  if sent.serializer != "json":
    result["serializer"] = str(sent.serializer)
  if sent.compression:
    notes.append("is sent compressed by the application")
  if sent.headers:
    names = ", ".join(sorted(map(str, sent.headers)))
    notes.append(f"its route adds headers, which a document must name itself: {names}")
  unknown = sorted(key for key, value in sent.options.items()
                   if value is not None and key not in HONOURED and key not in SILENT)
  if unknown:
    notes.append(f"its options have no effect here: {', '.join(unknown)}")
  if sent.functions:
    result["varies"] = True
  if sent.unsaid:
    result["unsaid"] = "; ".join(sent.unsaid)
  if notes:
    result["notes"] = notes
  result.update(fields)
  result["from"] = {field: sent.source(app, field) for field in fields}
  return result


def is_seconds(value: Any) -> bool:
  return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15


# What a document may hold in a field.
SAYABLE: Dict[str, Callable[[Any], bool]] = {
  "expires": lambda value: isinstance(value, str) or is_seconds(value),
  "priority": lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31,
  "time_limit": is_seconds,
  "soft_time_limit": is_seconds,
  "ignore_result": lambda value: isinstance(value, bool),
  "shadow": lambda value: isinstance(value, str) and value != "",
  "delivery_mode": lambda value: value in (1, 2),
}


def date(app: Any, value: Any) -> str:
  """The time as ISO 8601 in UTC. A time without a zone is in UTC, as in Celery."""
  import datetime
  utc = datetime.timezone.utc
  text: str = (value.replace(tzinfo=utc) if value.tzinfo is None else value.astimezone(utc)).isoformat()
  return text


if __name__ == "__main__":
  import json
  # The application's prints go to standard error, so that they are not taken for this program's output.
  output = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
  os.dup2(2, 1)
  try:
    if sys.argv[3:] == ["routes"]:
      routes(sys.argv[1], output)
    elif sys.argv[3:] == ["manifest"]:
      lines = sys.stdin.buffer.read().splitlines()
      names = [json.loads(line) for line in lines if line.strip()]
      published = stamped(manifest(load(sys.argv[1]), sys.argv[1], names))
      output.write(f'{{"manifest": {manifest_text(published)}}}\n')
    else:
      main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None, output)
  except BaseException as error:  # SystemExit too, with which an application may end itself.
    output.write(json.dumps({"error": str(error) if isinstance(error, Refused) else told(error)}) + "\n")
  output.flush()
