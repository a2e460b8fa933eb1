"""Clients on servers with TLS, and behind sentinels."""

import asyncio
import pathlib
import socket
import ssl
import subprocess
import time
from typing import Any, Iterator, List

import pytest
import redis
from celery import Celery
from conftest import SERVER

from reactivebeat import AsyncSchedules, Schedules
from reactivebeat.connection import Address


def free_port() -> int:
  with socket.socket() as found:
    found.bind(("127.0.0.1", 0))
    return int(found.getsockname()[1])


class Servers:
  """Redis servers on ports of the loop-back address, which end with the test."""

  def __init__(self, folder: pathlib.Path) -> None:
    self.folder = folder
    self.processes: List[Any] = []

  def start(self, *options: str) -> None:
    self.processes.append(subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", SERVER, *options], cwd=self.folder, stdin=subprocess.DEVNULL,
      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))

  def certificates(self) -> None:
    """An authority, and a certificate of it for localhost, which is the clients' too."""
    (self.folder / "names").write_text("subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n")
    for command in (
      "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -addext keyUsage=keyCertSign -keyout ca.key "
      "-out ca.pem",
      "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem",
      "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem",
    ):
      subprocess.run(["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True)

  def end(self) -> None:
    for process in self.processes:
      process.kill()
      process.wait()


@pytest.fixture
def servers(tmp_path: pathlib.Path) -> Iterator[Servers]:
  servers = Servers(tmp_path)
  yield servers
  servers.end()


def reached(address: Address) -> Any:
  """What a client gives, when its server has started: a minute at most."""
  deadline = time.monotonic() + 60
  while True:
    try:
      return address.client(repeats=False).ping()
    except (redis.ConnectionError, redis.TimeoutError) as error:
      if "CERTIFICATE" in str(error) or time.monotonic() > deadline:
        raise
      time.sleep(0.02)


async def tasks(beat: AsyncSchedules) -> List[Any]:
  async with beat:
    return [document.task for document in await beat.list()]


def test_tls(servers: Servers) -> None:
  servers.certificates()
  port, folder = free_port(), servers.folder
  servers.start("--port", "0", "--tls-port", str(port), "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem",
                "--tls-ca-cert-file", "ca.pem", "--requirepass", "se/cret", "--save", "")
  client = f"ssl_certfile={folder}/cert.pem&ssl_keyfile={folder}/key.pem"
  url = f"rediss://:se%2Fcret@localhost:{port}/1?{client}"
  trusted = f"{url}&ssl_ca_certs={folder}/ca.pem"
  assert reached(Address.parse(trusted))
  with Schedules.from_url(trusted) as beat:
    beat.put("n", "tasks.n", 60)
  assert asyncio.run(tasks(AsyncSchedules.from_url(trusted))) == ["tasks.n"]

  # Nobody vouches for the server, or its name is another one.
  with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
    reached(Address.parse(url))
  with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
    reached(Address.parse(trusted.replace("localhost", "127.0.0.1")))
  assert reached(Address.parse(trusted.replace("localhost", "127.0.0.1") + "&ssl_check_hostname=false"))
  assert reached(Address.parse(url + "&ssl_cert_reqs=none"))

  # As Celery has it.
  app = Celery("proj", broker=f"redis://:se%2Fcret@localhost:{port}/0", set_as_current=False)
  app.conf.broker_use_ssl = {
    "ssl_ca_certs": f"{folder}/ca.pem", "ssl_certfile": f"{folder}/cert.pem", "ssl_keyfile": f"{folder}/key.pem",
    "ssl_cert_reqs": ssl.CERT_REQUIRED}
  with Schedules(app) as beat:
    assert [document.task for document in beat.list()] == ["tasks.n"]


def test_sentinels(servers: Servers) -> None:
  port, sentinel = free_port(), free_port()
  servers.start("--port", str(port), "--requirepass", "secret", "--save", "")
  assert reached(Address.parse(f"redis://:secret@127.0.0.1:{port}"))
  (servers.folder / "sentinel.conf").write_text(
    f"port {sentinel}\nrequirepass guard\nsentinel monitor prime 127.0.0.1 {port} 1\nsentinel auth-pass prime secret\n")
  servers.start("sentinel.conf", "--sentinel")
  assert reached(Address.parse(f"redis://:guard@127.0.0.1:{sentinel}"))
  url = (f"sentinel://:secret@127.0.0.1:{sentinel}/1;sentinel://127.0.0.1:{free_port()}"
         "?master_name=prime&sentinel_password=guard")
  with Schedules.from_url(url) as beat:
    beat.put("n", "tasks.n", 60)
  assert asyncio.run(tasks(AsyncSchedules.from_url(url))) == ["tasks.n"]
  assert redis.Redis(port=port, password="secret", db=1).exists("tasks:meta:n") == 1
