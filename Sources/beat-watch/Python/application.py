"""Prints the beat_schedule of a Celery application as schedule documents, one JSON object a line:
{"name": …, "document": {…}, "notes": […]} or {"name": …, "problem": …}; at the end {"error": …} if it could not be had.

The first line is {"transport_options": {…}}: those that decide where the workers' messages lie, and no others.

Arguments: the application as for `celery -A`, and the file in which celery beat keeps its last runs, or nothing.
With a third argument, `routes`, it says where the schedules of another source go: standard input has one JSON object a
line, {"index": …, "task": …, "args": …, "kwargs": …, "options": {…}}; it prints {"application": {"timezone": …}} after the
first line, and for each line {"index": …, "fields": {…}, "notes": […]} or {"index": …, "problem": …}.
Routes and the options of tasks are settled by Celery itself: it sends, but to a producer that only records.
"""
import contextlib
import os
import sys
import threading

# The application's prints go to standard error, so that they are not taken for this program's output.
output = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
os.dup2(2, 1)

# Options of an entry that are no part of the question: with them Celery would really send.
OWN = {"producer", "publisher", "connection"}
# Options that Celery takes, but that do not change the message, or only where it goes.
SILENT = OWN | {"add_to_parent", "retry", "retry_policy", "immediate", "mandatory", "delivery_mode", "exchange_type",
                "route_name", "expiration"}
# Options that fields of a document stand for.
HONOURED = {"queue", "exchange", "routing_key", "expires", "priority", "time_limit", "soft_time_limit", "headers",
            "ignore_result", "shadow", "argsrepr", "kwargsrepr", "serializer", "compression"}
# Options without which the task would run at another time, or in another way. They are handed on as they are: the
# daemon's reader refuses them, and says why.
NEEDED = {"countdown", "eta", "link", "link_error", "chain", "chord", "group_id", "group_index", "task_id", "retries",
          "reply_to", "stamped_headers"}


class Refused(Exception):
  """The entry cannot be imported. The text says why, and what to do."""


def zone_name(zone):
  """The IANA name of a zone, or None."""
  for attribute in ("key", "zone"):
    name = getattr(zone, attribute, None)
    if name:
      return str(name)
  return "UTC" if str(zone) in ("UTC", "utc") else None


def load(name):
  from celery.app.utils import find_app
  app = find_app(name)
  app.loader.init_worker()
  app.finalize()
  return app


def routes(name):
  """Where the schedules of another source go."""
  import json
  from types import SimpleNamespace
  requests = [json.loads(line) for line in sys.stdin.buffer.read().splitlines() if line.strip()]
  app = load(name)
  output.write(dumps({"transport_options": transport_options(app)}) + "\n")
  output.write(dumps({"application": {"timezone": zone_name(app.timezone)}}) + "\n")
  for request in requests:
    record, notes = {"index": request["index"]}, []
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
      text = dumps({"index": request["index"], "problem": f"Celery refuses it: {type(error).__name__}: {error}"})
    output.write(text + "\n")


def main(name, schedule_file):
  from celery.beat import ScheduleEntry
  from celery.schedules import crontab
  app = load(name)

  output.write(dumps({"transport_options": transport_options(app)}) + "\n")
  last = last_runs(schedule_file) if schedule_file else {}
  entries = dict(app.conf.beat_schedule)
  if app.conf.result_expires and not app.backend.supports_autoexpire:  # As celery.beat.Scheduler does.
    entries.setdefault("celery.backend_cleanup", {
      "task": "celery.backend_cleanup", "schedule": crontab("0", "4", "*"), "options": {"expires": 12 * 3600}})
  for key, value in entries.items():
    record = {"name": str(key)}
    try:
      entry = value if isinstance(value, ScheduleEntry) else ScheduleEntry(**dict(value, name=key, app=app))
      record["document"], record["notes"] = document(app, entry, last.get(key))
      text = dumps(record)
    except Refused as refusal:
      text = dumps({"name": str(key), "problem": str(refusal)})
    except Exception as error:
      text = dumps({"name": str(key), "problem": f"Celery refuses it: {type(error).__name__}: {error}"})
    output.write(text + "\n")


def transport_options(app):
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


def dumps(record):
  from kombu.utils.json import dumps as encode
  return encode(record, ensure_ascii=False)


def last_runs(file):
  """The entries that celery beat has stored, by name."""
  import shelve
  without = file[:-3] if file.endswith(".db") else file  # Some kinds of dbm add the suffix themselves.
  for candidate in (file, without):
    try:
      with shelve.open(candidate, flag="r") as store:
        return dict(store.get("entries", {}))
    except Exception as error:
      failure = error
  raise RuntimeError(
    f"--schedule-file {file}: {failure}; give the file of celery beat (its option -s), and stop celery beat first")


def document(app, entry, kept):
  notes = []
  result = {"name": str(entry.name), "task": entry.task, "enabled": True}
  result.update(timing(app, entry.schedule, notes))
  result.update(arguments(entry))
  result.update(sending(app, entry, notes))
  if kept is not None:
    if kept.last_run_at is not None:
      result["last_run_at"] = date(app, kept.last_run_at)
    result["total_run_count"] = kept.total_run_count or 0
  if entry.task not in app.tasks:
    notes.append(f"the application has no task {entry.task}; it is sent as it is")
  return result, notes


def timing(app, schedule, notes):
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


def deadline(value):
  """How many seconds old a missed run may be; None: no limit. It holds for crontabs only, as in
  celery.schedules.crontab.is_due."""
  import math
  number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
  if value is not None and not (number and value >= 0):
    raise Refused(f"beat_cron_starting_deadline {value!r} is no number of seconds, 0 or more: set it right, or take it out")
  return value


def known(zone):
  if zone is None:
    raise Refused("the application goes by its host's local time; give it a timezone such as \"Europe/Berlin\"")
  return zone


def crontab_field(schedule, field):
  """A crontab's field as the user wrote it, or else the numbers it stands for."""
  written = getattr(schedule, "_orig_" + field)
  return written if isinstance(written, (int, str)) else sorted(getattr(schedule, field))


def arguments(entry):
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


def sending(app, entry, notes):
  """The document's fields that say where and how the task is sent: options of the entry, of its task, and of its
  route."""
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
      notes.append(f"celery beat does not send it, since its task does not take these arguments: {error}")
  result = dict(sent.destination(app), **sent.fields(app))
  if sent.headers:
    result["headers"] = sent.headers
  for key in ("argsrepr", "kwargsrepr"):
    if key in sent.options:
      result[key] = sent.options[key]
  # Documents leave both to the task and the daemon: a worker takes no word on the result as false does.
  result.pop("delivery_mode", None)
  if result.get("ignore_result") is False and "ignore_result" not in options:
    del result["ignore_result"]
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


def plain(value):
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

  def __init__(self, real, **replaced):
    self.__dict__.update(replaced, _real=real)

  def __getattr__(self, name):
    return getattr(self._real, name)


class Sent:
  """What Celery would have sent."""

  def __init__(self, task, args, kwargs):
    self.task, self.args, self.kwargs = task, args, kwargs
    self.notes = []
    # What the task and its caller say, before any route.
    self.given = {}
    # The route that was found, or nothing.
    self.route = {}
    # What came to the sender, and what came to the producer.
    self.options, self.published = {}, {}
    # The routers that are functions and were asked, and why one of them could not answer.
    self.functions, self.unsaid = [], []

  @property
  def headers(self):
    """The headers that the caller or a route adds to Celery's own."""
    return self.options.get("headers") or {}

  @property
  def serializer(self):
    return self.published["serializer"]

  @property
  def compression(self):
    return self.published["compression"]

  def destination(self, app):
    """Where the message goes, as fields of a document."""
    exchange, key = self.published["exchange"], self.published["routing_key"]
    name = getattr(exchange, "name", exchange)
    if not name:
      if not key:
        named = self.options.get("exchange")
        raise Refused(f"it names the exchange {getattr(named, 'name', named)} without a routing key, with which Celery "
                      "sends it to a queue without a name; name a queue")
      return {"queue": str(key)}
    kind = self.options.get("exchange_type") or self.exchange_type(app, exchange, name)
    if kind not in ("direct", "topic"):
      raise Refused(f"it goes to a {kind} exchange, which is not supported; name a queue")
    return {"exchange": str(name), "exchange_type": kind, "routing_key": str(key or "")}

  def exchange_type(self, app, exchange, name):
    """The type of an exchange for which no option gives one: as it is declared by whoever declares it."""
    queue = self.options.get("queue")
    declared = [exchange] + [getattr(queue, "exchange", None)] + [queue.exchange for queue in app.amqp.queues.values()]
    types = [other.type for other in declared if getattr(other, "name", None) == name and getattr(other, "type", None)]
    return types[0] if types else "direct"

  def fields(self, app):
    """The other fields of the message, as fields of a document. Those without a value are left out."""
    import datetime
    from kombu.entity import maybe_delivery_mode
    headers = self.published["headers"]
    limit, soft = headers.get("timelimit") or (None, None)
    expires = self.given.get("expires")
    if isinstance(expires, datetime.datetime):
      expires = date(app, expires)
    fields = {
      "expires": expires, "priority": self.published.get("priority"), "time_limit": limit, "soft_time_limit": soft,
      "ignore_result": headers.get("ignore_result"), "shadow": headers.get("shadow"),
      "delivery_mode": maybe_delivery_mode(self.published["delivery_mode"])}
    return {name: plain(value) for name, value in fields.items() if value is not None}


def ask(app, name, args, kwargs, options):
  """What Celery's beat would send for the task with these arguments and options. Raises what Celery raises."""
  import inspect
  from celery.app.base import Celery
  from celery.app.task import Task
  task = app.tasks.get(name)
  sent = Sent(task, args, kwargs)
  # Functions that others have wrapped (tracing, for example) are asked without the wrapping.
  application = stand_in(app, sent, inspect.unwrap(Celery.send_task))
  with ASKING, unheard("before_task_publish"):
    try:
      if task is None:
        application.send_task(name, args, kwargs, **options)
      else:
        # The method of Celery's own class: one that an application has put in its place may do anything.
        if inspect.unwrap(type(task).apply_async) is not inspect.unwrap(Task.apply_async):
          sent.notes.append("its class has an apply_async of its own, which is not called here")
        caller = StandIn(task, app=application, _get_app=lambda: application, __v2_compat__=False, typing=False,
                         _dump_pydantic_arguments=None)
        inspect.unwrap(Task.apply_async)(caller, args, kwargs, **options)
    except Published:
      return sent
  raise Refused("Celery has sent nothing")


# A signal's receivers are switched off for one question at a time.
ASKING = threading.RLock()


@contextlib.contextmanager
def unheard(name):
  """While it is entered, a signal of Celery that this thread sends reaches nobody. Those of other threads do."""
  from celery import signals
  signal, thread = getattr(signals, name), threading.get_ident()
  receivers = signal._live_receivers
  signal._live_receivers = lambda sender: [] if threading.get_ident() == thread else receivers(sender)
  try:
    yield
  finally:
    del signal._live_receivers


def stand_in(app, sent, send_task):
  """The application as Celery's functions see it while they are asked."""
  from types import SimpleNamespace

  def publish(body, **published):
    sent.published = published
    raise Published

  def send_task_message(producer, name, message, **options):
    sent.options = options
    return app.amqp.send_task_message(producer, name, message, **options)

  def send(name, args=None, kwargs=None, **options):
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
    amqp=StandIn(app.amqp, send_task_message=send_task_message, router=observed(app.amqp.router, sent),
                 create_task_message=app.amqp.task_protocols[2]))
  return application


def observed(router, sent):
  """The router of the application, which tells what it has found."""
  import copy
  router, query = copy.copy(router), router.query_router

  def query_router(route, *arguments):
    answer = query(route, *arguments)
    if answer is not None:
      sent.route = {"queue": answer} if isinstance(answer, str) else dict(answer)
    return answer

  router.query_router = query_router
  return router


def date(app, value):
  """The time as ISO 8601 in UTC. A time without a zone is in UTC, as in Celery."""
  import datetime
  utc = datetime.timezone.utc
  return (value.replace(tzinfo=utc) if value.tzinfo is None else value.astimezone(utc)).isoformat()


if __name__ == "__main__":
  try:
    if sys.argv[3:] == ["routes"]:
      routes(sys.argv[1])
    else:
      main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
  except BaseException as error:  # SystemExit too, with which an application may end itself.
    import json
    output.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
  output.flush()
