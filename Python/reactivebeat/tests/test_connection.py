"""Addresses of Redis databases."""

import asyncio
import dataclasses
from typing import Any

import pytest
from conftest import Server

from reactivebeat.connection import TLS, Address
from reactivebeat.errors import InvalidURL

HOST = (("h", 6379),)


@pytest.mark.parametrize("url, address", [
  ("redis://", Address(hosts=(("localhost", 6379),))),
  ("redis://h", Address(hosts=HOST)),
  (" REDIS://h:7/3 ", Address(hosts=(("h", 7),), database=3)),
  ("redis://h:6379//", Address(hosts=HOST)),
  ("redis://h/2?db=4", Address(hosts=HOST, database=4)),
  ("redis://h?virtual_host=/4", Address(hosts=HOST, database=4)),
  ("redis://[::1]:7/0", Address(hosts=(("::1", 7),))),
  ("redis://:p%40%2Fx@h", Address(hosts=HOST, password="p@/x")),
  ("redis://u:a@b@h", Address(hosts=HOST, username="u", password="a@b")),
  ("redis://u@h", Address(hosts=HOST, username="u")),
  ("redis://h?username=u&password=p&health_check_interval=3", Address(hosts=HOST, username="u", password="p")),
  ("rediss://h", Address(hosts=HOST, tls=TLS())),
  ("rediss://h?ssl_cert_reqs=CERT_NONE", Address(hosts=HOST, tls=TLS(verifies_certificate=False))),
  ("rediss://h?ssl_cert_reqs=none&ssl_check_hostname=False",
   Address(hosts=HOST, tls=TLS(verifies_certificate=False, verifies_host=False))),
  ("rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/a%20b.pem&ssl_keyfile=/k.pem&ssl_cert_reqs=required",
   Address(hosts=HOST, tls=TLS("/ca.pem", "/a b.pem", "/k.pem"))),
  ("redis+socket:///run/redis.sock?virtual_host=2", Address(path="/run/redis.sock", database=2)),
  ("redis+socket://:p@/run/redis.sock", Address(path="/run/redis.sock", password="p")),
  ("unix:///run/redis.sock?db=2", Address(path="/run/redis.sock", database=2)),
  ("sentinel://:p@a:1/2;sentinel://b;c:3?master_name=m",
   Address(hosts=(("a", 1), ("b", 26379), ("c", 3)), password="p", database=2, master_name="m")),
  ("rediss+sentinel://a?master_name=m&sentinel_username=su&sentinel_password=sp&sentinel_ssl=false",
   Address(hosts=(("a", 26379),), tls=TLS(), master_name="m", sentinel_username="su", sentinel_password="sp",
           sentinel_tls=False)),
])
def test_a_url_is_read_and_written(url: str, address: Address) -> None:
  assert Address.parse(url) == address
  assert Address.parse(address.url) == address

  async def asynchronous() -> Any:
    return address.async_client()
  for client in (address.client(), asyncio.run(asynchronous())):
    options = client.connection_pool.connection_kwargs
    assert (options["db"], options["password"]) == (address.database, address.password)


@pytest.mark.parametrize("url, error", [
  ("", "is empty"),
  ("localhost:6379", "has no scheme"),
  ("http://h", "not one of Redis"),
  ("amqp://secret@h", "not one of Redis"),
  ("redis://h\nx", "control character"),
  ("redis://:se#cret@h", "after '#'"),
  ("redis://se/cret@h", "'@' stands behind the host"),
  ("redis://:se?cret@h", "'@' stands behind the host"),
  ("redis://:p@ss/secret@h:6379/1", "'@' stands behind the host"),
  ("redis://:p@/secret@h:6379/1", "%40"),
  ("redis://:p@ss?db=secret@h:6379/1", "'@' stands behind the host"),
  ("redis://:p@ss:x/secret@h:6379/1", "%40"),
  ("sentinel://:p@ss/secret@h:6379/1?master_name=m", "'@' stands behind the host"),
  ("redis://:secret@h:x", "not a number"),
  ("redis://:secret@h:0", "not a number"),
  ("redis://:secret@h:65536", "not a number"),
  ("redis://::1/0", "in brackets"),
  ("redis://[::1/0", "no IPv6 address"),
  ("redis://:secret@h h", "no host name has"),
  ("redis://:secret@h/x", "not a whole number of 0 or more, such as the 1 of"),
  ("redis://:secret@h/-1", "not a whole number"),
  ("redis://:secret%@h", "two hex digits"),
  ("redis://:secret%ff@h", "not UTF-8"),
  ("redis://:secret%00@h", "not UTF-8"),
  ("redis://:secret@a;rediss://b", "every part of a Redis URL has the same scheme"),
  ("redis://:secret@a;redis://:other@b", "differ in user"),
  ("redis+socket:///a;b", "are sentinels"),
  ("redis://:1;secret@b", "stand before the first"),
  ("redis://:secret@h?ssl_cert_reqs=none", "is about TLS"),
  ("rediss://:secret@h?ssl_cert_reqs=maybe", "not one of required"),
  ("rediss://:secret@h?ssl_ciphers=x", "ssl_ciphers in the Redis URL is not supported"),
  ("rediss://:secret@h?ssl_keyfile=/k", "needs the certificate"),
  ("rediss://:secret@h?ssl_check_hostname=perhaps", "neither true nor false"),
  ("redis+socket://h/run/redis.sock", "has no host"),
  ("redis+socket:///", "path is missing"),
  ("redis+socket:///" + "a" * 108, "107 bytes"),
  ("sentinel://:secret@a", "needs the name of the primary"),
  ("sentinel://:secret@a;redis://b?master_name=m", "the same scheme"),
  ("sentinel://:secret@a;sentinel://:other@b?master_name=m", "differ in user"),
  ("sentinel://:secret@a?master_name=", "master_name in the Redis URL is empty"),
])
def test_a_wrong_url_says_what_is_wrong_without_the_password(url: str, error: str) -> None:
  with pytest.raises(InvalidURL, match=error) as raised:
    Address.parse(url)
  for word in ("secret", "cret", "other"):
    assert word not in str(raised.value)
  assert raised.value.__cause__ is None


@pytest.mark.parametrize("url", [
  "redis://u:secret@h", "redis://secret@h", "redis+socket://:secret@/s.sock",
  "sentinel://:secret@a?master_name=m&sentinel_password=secret",
])
def test_an_address_shows_no_password(url: str) -> None:
  address = Address.parse(url)
  assert "secret" not in str(address)
  assert "secret" in address.url
  assert "***" in str(address)
  assert "password" not in repr(address).replace("sentinel_password", "")


def test_the_master_may_be_named_elsewhere() -> None:
  assert Address.parse("sentinel://a", "m").master_name == "m"
  assert Address.parse("sentinel://a?master_name=n", "m").master_name == "n"


def test_clients_reach_the_database(server: Server) -> None:
  server.client(3).set("k", "v")
  address = Address.parse(server.url(3))
  assert address.client().get("k") == b"v"
  assert dataclasses.replace(address, database=2).client().get("k") is None

  async def read() -> object:
    client = address.async_client()
    try:
      return await client.get("k")
    finally:
      await client.connection_pool.disconnect()
  assert asyncio.run(read()) == b"v"


def test_options_of_tls_reach_the_client() -> None:
  options = Address.parse("rediss://h?ssl_ca_certs=/ca.pem").client().connection_pool.connection_kwargs
  assert options["ssl_ca_certs"] == "/ca.pem"
  assert (options["ssl_cert_reqs"], options["ssl_check_hostname"]) == ("required", True)
  options = Address.parse("rediss://h?ssl_cert_reqs=none").client().connection_pool.connection_kwargs
  assert (options["ssl_cert_reqs"], options["ssl_check_hostname"]) == ("none", False)
