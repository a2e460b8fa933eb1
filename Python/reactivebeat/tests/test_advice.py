"""What is said of a Redis that does not let somebody in, or is not there."""

import asyncio
import contextlib
import pathlib
import socket
import threading
from typing import Any, Iterator

import pytest
import redis
from conftest import Server
from test_servers import free_port

from reactivebeat import AsyncSchedules, Schedules
from reactivebeat.advice import explain
from reactivebeat.connection import Address


@pytest.fixture
def closed(server: Server) -> Iterator[Server]:
  """A Redis with a password, and a user who may do little."""
  client = server.client(1)
  client.execute_command("ACL", "SETUSER", "poor", "on", ">poor", "~*", "+select", "+hello", "+client", "+get")
  client.config_set("requirepass", "hunter2")
  yield server


@pytest.mark.parametrize("login, database, kind, text", [
  ("", 1, redis.AuthenticationError, "Authentication required; it asks for a password: put it into the URL, redis://"),
  (":bad@", 1, redis.AuthenticationError, "; put the right ones into the URL, or mend the user (ACL SETUSER)"),
  ("poor:poor@", 1, redis.exceptions.NoPermissionError, "; allow it with ACL SETUSER, or name another user in the URL"),
  (":hunter2@", 77, redis.RedisError, "; the number at the end of the URL is the database, and the server has fewer"),
])
def test_a_server_that_refuses(closed: Server, login: str, database: int, kind: Any, text: str) -> None:
  url = closed.url(database).replace("://", "://" + login)
  with pytest.raises(kind) as raised, Schedules.from_url(url) as beat:
    beat.list()
  assert text in str(raised.value) and "HELLO" not in str(raised.value)
  before = str(raised.value)
  explain(raised.value, Address.parse(url))
  assert str(raised.value) == before, "once"

  async def main() -> None:
    async with AsyncSchedules.from_url(url) as beat:
      await beat.list()

  # redis-py's for asyncio has fewer kinds of errors while it connects.
  with pytest.raises(redis.RedisError) as raised:
    asyncio.run(main())
  assert text in str(raised.value)


def test_a_server_that_is_not_there(tmp_path: pathlib.Path) -> None:
  for url, text in ((f"redis://localhost:{free_port()}/1", "; is redis-server running there?"),
                    (f"redis+socket://{tmp_path}/none", "; is redis-server running, with this `unixsocket`?")):
    with pytest.raises(redis.ConnectionError) as raised, Schedules.from_url(url) as beat:
      beat.list()
    assert text in str(raised.value)


@pytest.mark.parametrize("kind", [Schedules, AsyncSchedules])
def test_sentinels_that_are_not_there(kind: Any) -> None:
  port = free_port()

  async def main() -> None:
    async with AsyncSchedules.from_url(url) as beat:
      await beat.list()

  url = f"sentinel://localhost:{port}/1?master_name=shop"
  with pytest.raises(redis.ConnectionError) as raised:
    if kind is AsyncSchedules:
      asyncio.run(main())
    else:
      Schedules.from_url(url).list()
  text = str(raised.value)
  assert text.startswith(f'no sentinel of localhost:{port} names the primary "shop"') and len(text) < 300
  assert "is the name right (SENTINEL MASTERS)?" in text


def test_tls_to_what_does_not_speak_it() -> None:
  def answer() -> None:
    with contextlib.suppress(OSError):
      while True:
        connection, _ = listener.accept()
        with connection:
          connection.recv(1)
          connection.sendall(b"-ERR unknown command\r\n")

  with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=answer, daemon=True).start()
    with pytest.raises(redis.RedisError) as raised:
      Schedules.from_url(f"rediss://127.0.0.1:{listener.getsockname()[1]}").list()
    listener.shutdown(socket.SHUT_RDWR)
  assert "is it the plain port (redis://)?" in str(raised.value)
  silent = redis.TimeoutError("Timeout connecting to server")
  explain(silent, Address.parse("rediss://localhost"))
  assert str(silent).endswith("is it the plain port (redis://)?")
