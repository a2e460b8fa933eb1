"""The daemon's keys."""

from conftest import Daemon, Server

from reactivebeat.keys import Keys, escaped


def test_a_document_and_its_name() -> None:
  keys = Keys("tasks:meta:")
  assert keys.document("hello") == b"tasks:meta:hello"
  assert keys.name(b"tasks:meta:hello") == "hello"
  assert keys.name(b"tasks:meta:\xff") == "\udcff"
  assert keys.document("\udcff") == b"tasks:meta:\xff"
  assert keys.name(b"other") is None
  assert keys.name(b"tasks:meta:" + b"a" * 1025) is None


def test_the_daemons_own_keys_are_no_schedules_under_an_empty_or_an_own_prefix() -> None:
  assert Keys("").name(b"reactivebeat:mark") is None
  assert Keys("reactivebeat:").name(b"reactivebeat:reactivebeat:mark") is None


def test_patterns_match_themselves_only() -> None:
  assert escaped(b"a*b?[c]\\") == b"a\\*b\\?\\[c\\]\\\\"
  assert Keys("a*").pattern == b"a\\**"


def test_the_names_are_those_that_the_daemon_uses(server: Server, daemon: Daemon) -> None:
  keys, client = Keys(), server.client()
  client.set(
    keys.document("tick"),
    '{"name": "tick", "task": "t", "enabled": true, "interval": {"every": 50, "period": "milliseconds"}}')
  daemon.wait_for("fired tasks:meta:tick")
  assert client.type(keys.watermarks) == client.type(keys.receipts) == client.type(keys.daemons) == b"hash"
  assert client.type(keys.history) == b"stream"
  assert client.type(keys.lease) == b"string"
  (instance,) = client.hkeys(keys.daemons)
  assert client.exists(keys.heartbeat(instance.decode())) == 1
