"""The parts of the test. Each returns what is wrong."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Callable, Dict, List, Tuple

from forms import RUNS, Form, form_of, forms
from judge import fired, once, wait_for, wrong
from stage import HERE, VENVS, Stage, mongo_program, rabbit_program, wait


def of_forms(stage: Stage) -> List[str]:
  """Queues, exchanges and options."""
  queues = ["celery", "reports", "daily", "nightly", "sport", "results", "all", "one", "other"]
  with stage.worker("classic", queues), stage.beat("daemon", 1):
    return fired(stage, 1, forms())


def of_priority(stage: Stage) -> List[str]:
  """Of what waits for a paused worker, the larger priority goes first, and within one the older."""
  # What is fired first is not the first to run, nor the last.
  priorities = {"none": None, "two": 2, "nine": 9, "five": 5, "five-again": 5, "ten": 10, "one": 1}
  want = ["ten", "nine", "five", "five-again", "two", "one", "none"]
  with stage.worker("priority", ["by-priority"]), stage.beat("daemon-priority", 2):
    stage.tell("priority", "cancel_consumer", "by-priority")
    wait(lambda: stage.consumers_of("by-priority") == 0, "the worker pauses")
    for number, (name, priority) in enumerate(priorities.items(), 1):
      options = {} if priority is None else {"priority": priority}
      stage.write_to(2, once(name, queue="by-priority", **options))
      wait(lambda: stage.waits_in("by-priority") == number, f"{number} messages wait")  # noqa: B023
    stage.tell("priority", "add_consumer", "by-priority")
    order = [form_of(record) for record in wait_for(stage, want)]
  return [] if order == want else [f"the tasks ran in the order {order}, and not {want}"]


def of_expiry(stage: Stage) -> List[str]:
  """A message that expires before a worker has it is gone, and one that expires in a worker is revoked. Others run."""
  with stage.worker("late", ["late"]):
    pass  # It has declared the queue.
  with stage.beat("daemon-late", 3):
    stage.write_to(3, once("gone", queue="late", expires=3))
    wait(lambda: stage.waits_in("late") == 1, "a message waits")
    stage.write_to(3, once("kept", queue="late", expires=3600))
    wait(lambda: stage.waits_in("late") == 2, "two messages wait")
    wait(lambda: stage.waits_in("late") == 1, "RabbitMQ drops what has expired")
    with stage.worker("late", ["late"], worker_prefetch_multiplier=10):
      wait_for(stage, ["kept"])
      stage.write_to(3, once("busy", "tasks.occupy", args=[5], queue="late"))
      wait_for(stage, ["busy"])
      # The worker has these before the first of them expires.
      stage.write_to(3, once("revoked", queue="late", expires=2), once("after", queue="late", expires=600))
      wait_for(stage, ["after"])
  ids = stage.fired("daemon-late")
  revoked = [{"id": ids["revoked"][0], "expired": True}]
  return [] if stage.revoked() == revoked else [f"revoked are {stage.revoked()}, and not {revoked}"]


def of_quorum(stage: Stage) -> List[str]:
  """A quorum queue. The worker finds out by itself (`worker_detect_quorum_queues`), or RabbitMQ would not serve it."""
  wanted = [Form("in-quorum", {"queue": "quorum", "headers": {"tenant": "acme"}}, "quorum"),
            Form("in-quorum-first", {"queue": "quorum", "priority": 9, "expires": 600}, "quorum", expires=600)]
  with stage.worker("quorum", ["quorum"]), stage.beat("daemon-quorum", 4):
    problems = fired(stage, 4, wanted)
  if (kind := stage.kind_of("quorum")[0]) != "rabbit_quorum_queue":
    problems.append(f"the queue is a {kind}")
  return problems


def of_declared(stage: Stage) -> List[str]:
  """Queues that the daemon declares, which workers that want the same take as they are."""
  queues = {"made-quorum": ("quorum", ("rabbit_quorum_queue", {"x-queue-type": "quorum"})),
            "made-priority": ("classic,max-priority=9", ("rabbit_classic_queue", {"x-max-priority": "9"}))}
  wanted = [Form(f"in-{queue}", {"queue": queue, "priority": 4}, queue) for queue in queues]
  problems = []
  for database, (form, (option, kind)) in enumerate(zip(wanted, queues.values()), 5):
    with stage.beat(f"daemon-{form.routing_key}", database, "--broker-declare", option):
      stage.write_to(database, form.document())
      wait(lambda: stage.waits_in(form.routing_key) == RUNS, f"messages wait in {form.routing_key}")  # noqa: B023
    if (found := stage.kind_of(form.routing_key)) != kind:
      problems.append(f"{form.routing_key} is {found}, and not {kind}")
  # A worker that wants another kind of queue ends.
  with stage.worker("made", list(queues)):
    return problems + wrong(stage, wanted)


def of_tls(stage: Stage) -> List[str]:
  """TLS with a password, and with a certificate as the login, for the daemon and for the worker."""
  certificate, key = map(str, stage.authority.issue("by-certificate"))
  authority = str(stage.authority.file)
  stage.add_user("by-certificate")
  tls = {"ca_certs": authority, "server_hostname": "localhost"}
  own = tls | {"certfile": certificate, "keyfile": key}
  logins: List[Tuple[str, str, List[str], Dict[str, Any]]] = [
    ("PLAIN", "guest:guest@", [], {"broker_use_ssl": tls}),
    ("EXTERNAL", "", ["--broker-cert", certificate, "--broker-key", key],
     {"broker_use_ssl": own, "broker_login_method": "EXTERNAL"})]
  with stage.beat("daemon-stranger", 7, broker=stage.amqps("guest:guest@")):
    wait(lambda: "certificate" in stage.log("daemon-stranger"), "a daemon that does not know the authority says so")
  # The test's own, which commands workers.
  known = set(stage.connections())
  problems = []
  for database, (mechanism, login, options, settings) in enumerate(logins, 8):
    url = stage.amqps(login)
    with stage.worker(f"tls-{mechanism}", ["secure"], broker=url, **settings), \
        stage.beat(f"daemon-{mechanism}", database, "--broker-ca", authority, *options,
                   broker=f"{url}?login_method={mechanism}"):
      problems += fired(stage, database, [Form(f"by-{mechanism}", {"queue": "secure"}, "secure")])
      connections = set(stage.connections()) - known
    user = "by-certificate" if mechanism == "EXTERNAL" else "guest"
    if connections != {(user, mechanism, True)}:
      problems.append(f"the connections are {connections}, and not by {mechanism} over TLS")
  return problems


def of_mongo(stage: Stage) -> List[str]:
  """The schedules are in MongoDB."""
  (port,) = rabbit_program.free_ports(1)
  stage.start("mongo", *mongo_program.command(port, stage.folder / "mongo"))
  url = f"mongodb://127.0.0.1:{port}/beat"
  wanted = [form for form in forms() if form.name in ("plain", "topic", "limits", "headers", "expires")]
  for form in wanted:
    form.name = f"mongo-{form.name}"
    # BSON's whole numbers have 64 bits.
    form.fields = form.fields | {"args": [1, -2**63, 2**63 - 1, 2.5, "größe ☃", None, [True, {"a": [2.0]}]]}
  subprocess.run(
    [VENVS / "secantus/bin/python", "-B", HERE / "mongo_documents.py", url, str(port)], check=True, text=True,
    input=json.dumps([form.document() for form in wanted]), timeout=120)
  with stage.worker("of-mongo", ["celery", "sport", "all"]), stage.beat("daemon-mongo", 0, store=url):
    return wrong(stage, wanted)


#: By the names of the command line.
PARTS: Dict[str, Callable[[Stage], List[str]]] = {
  "forms": of_forms, "priority": of_priority, "expiry": of_expiry, "quorum": of_quorum, "declare": of_declared,
  "tls": of_tls, "mongo": of_mongo}
