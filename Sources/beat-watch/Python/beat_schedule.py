"""Prints the beat_schedule of a Celery application as schedule documents, one JSON object a line:
{"name": …, "document": {…}, "notes": […]} or {"name": …, "problem": …}; at the end {"error": …} if it could not be had.

The first line is {"transport_options": {…}}: those that decide where the workers' messages lie, and no others.

Arguments: the application as for `celery -A`, and the file in which celery beat keeps its last runs, or nothing.
With a third argument, `routes`, it says where the schedules of another source go: standard input has one JSON object a
line, {"index": …, "task": …, "args": …, "kwargs": …, "options": {…}}; it prints {"application": {"timezone": …}} after the
first line, and for each line {"index": …, "fields": {…}, "notes": […]} or {"index": …, "problem": …}.
Routes and the options of tasks are settled by Celery itself, as when it sends.
"""
import os
import sys

# The application's prints go to standard error, so that they are not taken for this program's output.
output = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
os.dup2(2, 1)

# Options that Celery takes, but that do not change the message.
SILENT = {"producer", "connection", "add_to_parent", "retry", "retry_policy", "immediate", "mandatory", "delivery_mode",
          "exchange_type"}
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
  import datetime
  task = app.tasks.get(entry.task)
  options = dict(task._get_exec_options() if task else {}, **entry.options)  # As Task.apply_async.
  options = {key: value for key, value in options.items() if value is not None}
  options = dict(app.amqp.router.route(options, entry.task, entry.args, entry.kwargs, task))
  result = destination(app, options)

  expires = options.pop("expires", None)
  if isinstance(expires, datetime.timedelta):
    result["expires"] = expires.total_seconds()
  elif isinstance(expires, datetime.datetime):
    result["expires"] = date(app, expires)
  elif expires is not None:
    result["expires"] = expires
  for key in ("priority", "time_limit", "soft_time_limit", "headers", "ignore_result", "shadow", "argsrepr", "kwargsrepr"):
    value = options.pop(key, None)
    if value is not None:
      result[key] = value
  serializer = options.pop("serializer", None) or app.conf.task_serializer
  if serializer != "json":
    notes.append(f"was sent as {serializer}, and is sent as JSON here: the workers must accept it")
  if options.pop("compression", None) or app.conf.task_compression:
    notes.append("was sent compressed, and is not here")
  needed = {key: plain(value) for key, value in options.items() if key in NEEDED and value}
  if needed:
    result["options"] = needed
  unknown = sorted(
    key for key, value in options.items() if key not in SILENT and key not in NEEDED and value is not None)
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


def destination(app, options):
  """Where the message goes, as celery.app.amqp.AMQP.send_task_message settles it."""
  queue, exchange = options.pop("queue", None), options.pop("exchange", None)
  key, kind = options.pop("routing_key", None), options.get("exchange_type")
  if isinstance(queue, str):
    queue = app.amqp.queues[queue]
  if queue is None and exchange is None:
    queue = app.amqp.default_queue
  if exchange is None:
    kind = kind or (queue.exchange.type if queue.exchange else "direct")
    if kind == "direct" and key in (None, queue.routing_key, queue.name):
      return {"queue": queue.name}
    exchange, key = queue.exchange, key or queue.routing_key
  kind = kind or getattr(exchange, "type", None) or app.conf.task_default_exchange_type
  if kind not in ("direct", "topic"):
    raise Refused(f"it goes to a {kind} exchange, which is not supported; name a queue")
  name = getattr(exchange, "name", exchange)
  return {"exchange": name, "exchange_type": kind, "routing_key": key or app.conf.task_default_routing_key}


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
