"""Schedules in a Redis cluster, wherever their slot is."""

import asyncio
import pathlib
import time
from typing import Any, Iterator, List

import pytest
import redis
from celery import Celery
from test_servers import Servers, free_port

from reactivebeat import AsyncSchedules, Schedules
from reactivebeat.connection import Address
from reactivebeat.keys import Keys
from reactivebeat.publish import publish_application
from reactivebeat.settings import Settings

PREFIX = "{beat}:tasks:"


class Cluster:
  """Two primaries, which share the slots."""

  def __init__(self, servers: Servers) -> None:
    self.ports = [free_port(), free_port()]
    for port in self.ports:
      folder = servers.folder / str(port)
      folder.mkdir()
      servers.start(
        "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--cluster-enabled", "yes",
        "--cluster-port", str(free_port()), "--cluster-node-timeout", "1000")
    self.nodes: List[Any] = [redis.Redis(port=port) for port in self.ports]
    for number, node in enumerate(self.nodes):
      self.until(lambda node=node: node.ping())
      node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
      node.execute_command("CLUSTER ADDSLOTSRANGE", number * 8192, number * 8192 + 8191)
    bus = self.nodes[1].config_get("cluster-port")["cluster-port"]
    self.nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", self.ports[1], bus)
    self.slot = self.nodes[0].execute_command("CLUSTER KEYSLOT", PREFIX)
    self.owner = self.slot // 8192
    for node in self.nodes:
      self.until(lambda node=node: self.is_whole(node))

  @staticmethod
  def is_whole(node: Any) -> bool:
    info = node.execute_command("CLUSTER INFO")
    return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "2")

  @staticmethod
  def id_of(node: Any) -> str:
    found = node.execute_command("CLUSTER MYID")
    return found.decode() if isinstance(found, bytes) else str(found)

  @staticmethod
  def until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while True:
      try:
        if holds():
          return
      except redis.RedisError:
        pass
      assert time.monotonic() < deadline, "the cluster does not begin"
      time.sleep(0.02)

  def url(self, *numbers: int) -> str:
    return ";".join(f"redis://127.0.0.1:{self.ports[number]}" for number in numbers) + "/0"

  def begin_move(self) -> int:
    """Marks the slot as being moved to the other node, which is returned."""
    source, target = self.owner, 1 - self.owner
    ids = [self.id_of(node) for node in self.nodes]
    self.nodes[target].execute_command("CLUSTER SETSLOT", self.slot, "IMPORTING", ids[source])
    self.nodes[source].execute_command("CLUSTER SETSLOT", self.slot, "MIGRATING", ids[target])
    return target

  def move_keys(self, count: int = 1000) -> None:
    keys = self.nodes[self.owner].execute_command("CLUSTER GETKEYSINSLOT", self.slot, count)
    if keys:
      target = self.ports[1 - self.owner]
      self.nodes[self.owner].execute_command("MIGRATE", "127.0.0.1", target, "", 0, 5000, "KEYS", *keys)

  def end_move(self) -> None:
    target = 1 - self.owner
    new = self.id_of(self.nodes[target])
    for node in (self.nodes[target], self.nodes[self.owner]):
      node.execute_command("CLUSTER SETSLOT", self.slot, "NODE", new)
    self.owner = target


@pytest.fixture
def cluster(tmp_path: pathlib.Path) -> Iterator[Cluster]:
  servers = Servers(tmp_path)
  yield Cluster(servers)
  servers.end()


def test_all_keys_are_in_one_slot() -> None:
  from redis.crc import key_slot
  keys = Keys(PREFIX)
  own = [keys.watermarks, keys.receipts, keys.history, keys.outbox, keys.manual, keys.answer("{a}"), keys.daemons,
         keys.heartbeat("{a}"), keys.lease, keys.application, keys.owned, keys.document("{a}"), keys.unused or b""]
  assert {key_slot(key) for key in own} == {key_slot(PREFIX.encode())}
  assert Keys("tasks:meta:").unused is Keys("{}a:").unused is Keys("a}{:").unused is None


def test_schedules_are_found_by_either_node_and_after_a_move(cluster: Cluster) -> None:
  apart = Schedules.from_url(cluster.url(1 - cluster.owner), PREFIX)
  apart.put("a", "t", 60)
  assert [document.name for document in Schedules.from_url(cluster.url(0), PREFIX).list()] == ["a"]
  assert [document.name for document in Schedules.from_url(cluster.url(1), PREFIX).list()] == ["a"]
  for _ in range(2):
    cluster.begin_move()
    cluster.move_keys()
    cluster.end_move()
    # The list comes first: SCAN alone would find nothing on the old node.
    assert [document.name for document in apart.list()] == ["a"]
    apart.put("b", "t", 60)
    apart["b"].delete()
  assert apart["a"].get().task == "t"


def test_a_part_of_the_schedules_is_no_answer(cluster: Cluster) -> None:
  beat = Schedules.from_url(cluster.url(cluster.owner), PREFIX)
  for number in range(20):
    beat.put(f"s{number}", "t", 60)
  cluster.begin_move()
  cluster.move_keys(7)
  with pytest.raises(redis.ResponseError, match="try again in a moment"):
    beat.list()
  with pytest.raises(redis.ResponseError, match="try again in a moment"):
    beat.put("new", "t", 60)
  cluster.move_keys()
  cluster.end_move()
  assert len(beat.list()) == 20


def test_asyncio(cluster: Cluster) -> None:
  async def work() -> List[str]:
    async with AsyncSchedules.from_url(cluster.url(1 - cluster.owner), PREFIX) as beat:
      await beat.put("a", "t", 60)
      cluster.begin_move()
      cluster.move_keys()
      cluster.end_move()
      await asyncio.gather(*(beat.put(f"b{number}", "t", 60) for number in range(20)))
      return [document.name for document in await beat.list()]
  assert len(asyncio.run(work())) == 21


def test_a_dead_node_does_not_matter_beside_another(cluster: Cluster, tmp_path: pathlib.Path) -> None:
  dead = free_port()
  url = f"redis://127.0.0.1:{dead};127.0.0.1:{cluster.ports[1 - cluster.owner]}/0"
  beat = Schedules.from_url(url, PREFIX)
  assert beat.list() == []  # A command that may be repeated goes to the next node.
  beat.put("a", "t", 60)
  assert Address.parse(url).located(Keys(PREFIX)).hosts == (("127.0.0.1", cluster.ports[cluster.owner]),)
  assert Address.parse(Address.parse(url).url).hosts == Address.parse(url).hosts


def test_an_application_publishes_to_the_slots_node(
  cluster: Cluster, beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
  app = Celery("shop", broker="redis://127.0.0.1:1/0")
  app.conf.update(beat_schedule={"a": {"task": "t", "schedule": 60}})
  settings = Settings(store_url=cluster.url(1 - cluster.owner), key_prefix=PREFIX)
  publish_application(app, settings, None)
  assert cluster.nodes[cluster.owner].exists(Keys(PREFIX).document("a"), Keys(PREFIX).application) == 2


def test_a_prefix_without_a_tag_says_so(cluster: Cluster) -> None:
  with pytest.raises(redis.RedisError, match="hash tag, such as"):
    Schedules.from_url(cluster.url(0), "tasks:meta:").put("a", "t", 60)
