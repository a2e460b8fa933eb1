"""What beat-watch sends to RabbitMQ for documents at random, beside what celery beat sends for the same: basic.publish,
content header and body, byte for byte. scripts/differential says how it is run."""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import comparison
from random_documents import EXCHANGES, KEYS, QUEUES, document, holds_typed_values, merged_options
from recording import Publication, Recorder

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "Servers"))
from rabbit_scene import PROJECT, VENVS, Failed, Scene, wait  # noqa: E402

Document = Dict[str, Any]


def declare(scene: Scene) -> None:
  """The queues and exchanges of the documents. Each exchange has a queue for each of their routing keys."""
  for queue in QUEUES:
    scene.rabbit.declare(queue)
  with scene.rabbit.connection() as connection:
    channel = connection.channel()
    channel.queue_declare("of exchanges", durable=True, auto_delete=False)
    for kind, names in EXCHANGES.items():
      for name in names:
        channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        for key in KEYS if kind == "direct" else ["#"]:
          channel.queue_bind("of exchanges", name, key)


def number_of(publication: Publication) -> int:
  """The document's number, with which its task's name ends."""
  return int(publication.headers()["task"].rpartition(".")[2])


def fire(scene: Scene, documents: List[Document]) -> List[Publication]:
  """What the daemon sends, in the order of the documents."""
  recorder = Recorder(scene.rabbit.port)
  for each in documents:
    scene.write(each)
  daemon = scene.daemon("beat-watch", recorder.url())

  def has_sent() -> bool:
    if daemon.poll() is not None:
      raise Failed("beat-watch has ended")
    return len(recorder.publications()) >= len(documents)

  try:
    wait(has_sent, "beat-watch sends each document", 30 + len(documents) / 10)
  except Failed as error:
    missing = {each["name"] for each in documents} - {
      documents[number_of(sent)]["name"] for sent in recorder.publications()}
    said = [line for line in scene.log("beat-watch").splitlines() if any(name in line for name in missing)]
    raise Failed("\n  ".join([f"{error}: it has not sent {sorted(missing)}", *said])) from None
  finally:
    scene.end(daemon)
  sent = sorted(recorder.publications(), key=number_of)
  if list(map(number_of, sent)) != list(range(len(documents))):
    raise Failed("beat-watch has sent a document twice")
  return sent


def moment(sent: Publication, options: Dict[str, Any]) -> datetime:
  """When the daemon made a message, as far as the message tells it."""
  expires = sent.headers()["expires"]
  if expires is None:
    return datetime.now(timezone.utc)
  date = datetime.fromisoformat(expires)
  if isinstance(options["expires"], (int, float)):
    return date - timedelta(seconds=options["expires"])
  # The property has whole milliseconds: what is below was cut off.
  return date - timedelta(milliseconds=int(sent.properties()["expiration"]), microseconds=500)


def order(version: str, each: Document, sent: Publication) -> Dict[str, Any]:
  """What Celery is asked to send."""
  headers = sent.headers()
  options = merged_options(each)
  args, kwargs = each.get("args") or [], each.get("kwargs") or {}
  for name, value in (("argsrepr", args), ("kwargsrepr", kwargs)):
    if holds_typed_values(value) or (version < "5.7" and len(headers[name]) >= 1_000):
      options[name] = headers[name]
  return {"task": each["task"], "args": args, "kwargs": kwargs, "options": options, "id": headers["id"],
          "origin": headers["origin"], "reply_to": sent.properties()["reply_to"],
          "now": moment(sent, options).isoformat()}


def celery_sends(scene: Scene, version: str, orders: List[Dict[str, Any]]) -> List[Any]:
  """For each order what Celery sends, or why it does not."""
  recorder = Recorder(scene.rabbit.port)
  python = VENVS / f"celery-{version}/bin/python"
  run = subprocess.run(
    [str(python), "-B", str(HERE / "celery_sender.py"), recorder.url()],
    input="".join(json.dumps(each) + "\n" for each in orders), stdout=subprocess.PIPE, text=True, check=True)
  errors = run.stdout.splitlines()
  # It has closed its connection: the recorder has all.
  sent = {number_of(publication): publication for publication in recorder.publications()}
  return [json.loads(error) if error else sent[number] for number, error in enumerate(errors)]


def compare(version: str, documents: List[Document], ours: List[Publication], theirs: List[Any]) -> int:
  """Prints each document that differs. Returns how many do."""
  wrong = 0
  for each, mine, other in zip(documents, ours, theirs):
    if isinstance(other, str):
      lines = [f"Celery cannot send it: {other}"]
    else:
      lines = [line for difference in found(version, each, mine, other) for line in difference.lines()]
    if lines:
      wrong += 1
      # One of half a megabyte can be made again from the seed.
      print(f"Celery {version}, {each['name']}: {json.dumps(each)[:20_000]}", *lines, sep="\n  ")
  return wrong


def found(version: str, each: Document, mine: Publication, other: Publication) -> List[comparison.Difference]:
  return comparison.differences(mine, other, version < "5.7", merged_options(each))


def unseen(version: str, documents: List[Document], ours: List[Publication], theirs: List[Any], seed: int) -> int:
  """How many messages of the daemon may have a bit changed without a difference."""
  chance = random.Random(seed)
  return sum(
    not found(version, each, comparison.altered(mine, chance), other)
    for each, mine, other in zip(documents, ours, theirs) if not isinstance(other, str))


def run(options: argparse.Namespace, folder: pathlib.Path) -> int:
  wrong = 0
  with Scene(folder, options.program.resolve()) as scene:
    declare(scene)
    started = datetime.now(timezone.utc)
    documents = [document(options.seed, number, started) for number in range(options.documents)]
    ours = fire(scene, documents)
    ended = datetime.now(timezone.utc)
    for each, mine in zip(documents, ours):
      made = moment(mine, merged_options(each))
      if "expires" in merged_options(each) and not started - timedelta(milliseconds=1) <= made <= ended:
        raise Failed(f"{each['name']} says that it was made at {made}: {json.dumps(each)}")
    for version in options.celery or ["5.6", "5.7"]:
      began = time.monotonic()
      theirs = celery_sends(scene, version, [order(version, each, mine) for each, mine in zip(documents, ours)])
      differ = compare(version, documents, ours, theirs)
      blind = unseen(version, documents, ours, theirs, options.seed)
      size = sum(len(mine.content()) for mine in ours)
      print(f"Celery {version}, {len(documents)} documents, {size:,} bytes of bodies, {time.monotonic() - began:.1f} s:"
            f" {differ} differ; of as many with one bit changed {blind} do not")
      wrong += differ + blind
  return wrong


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/differential --rabbitmq", description=__doc__)
  parser.add_argument("--documents", type=int, default=300, metavar="N")
  parser.add_argument("--seed", type=int, default=1, metavar="N")
  parser.add_argument("--celery", action="append", metavar="VERSION", help="5.6, 5.7; both unless given")
  parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/beat-watch", metavar="FILE")
  options = parser.parse_args()
  with tempfile.TemporaryDirectory(prefix="differential-") as folder:
    try:
      wrong = run(options, pathlib.Path(folder))
    except Failed as error:
      print(f"seed {options.seed}: {error}", file=sys.stderr)
      return 1
  old = comparison.OLD_DIFFERENCES if options.celery != ["5.7"] else []
  print("not compared:", *comparison.NOT_COMPARED, sep="\n  ")
  print("known to differ:", *comparison.DIFFERENCES, *old, sep="\n  ")
  print(f"seed {options.seed}: {wrong} wrong" if wrong else "no difference that is not listed")
  return 1 if wrong else 0


if __name__ == "__main__":
  sys.exit(main())
