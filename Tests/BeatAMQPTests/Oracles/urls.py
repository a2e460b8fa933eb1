"""Writes urls.txt: what kombu reads in broker URLs. Run with kombu 5.7.0: python3 urls.py > urls.txt

A line is the URL and, behind a tab for each server, `host port user password vhost heartbeat timeout TLS login` as a
JSON list; `!` where kombu refuses. Of several URLs each is asked for as the one tried next after the first."""

import json
import logging

from kombu import Connection

URLS = r"""
amqp://
amqp://h
amqp://h/
amqp://h//
amqp://h/%2F
amqp://h/%2f
amqp://h/foo
amqp://h//foo
amqp://h/%2Ffoo
amqp://h/foo/
amqp://h/a/b
amqp://h/a%2Fb
amqp://h///
amqp://h/%252F
amqp://h/%E2%98%83
amqp://h/a+b
amqp://h/a b
amqp:///v
amqp://localhost
amqp://u:p@/v
AMQP://h
PyAMQP://h
pyamqp://u:p%40x@h:5000/v
amqps://h
AMQPS://u:p@h/v
amqps://h:5671
amqps://h:1234//
py-amqp://h
pyamqps://h
rabbitmq://h
amqp://u:@h
amqp://u@h
amqp://:p@h
amqp://@h
amqp://:@h
amqp://u:p:q@h
amqp://u:p@q@h/v
amqp://u%3Ax:p%2F%3F%23%25%3B@h
amqp://u+x:p+y@h
amqp://h:/v
amqp://h:99999/v
amqp://h:x/v
amqp://[::1]
amqp://[::1]:5000/v
amqp://[fe80::1%25eth0]:1/v
amqp://h?heartbeat=10
amqp://h/?heartbeat=10
amqp://h/v?heartbeat=10&connect_timeout=3
amqp://h/v?heartbeat=0
amqp://h/v?heartbeat=
amqp://h/v?heartbeat=x
amqp://h/v?connect_timeout=0.5
amqp://h/v?ssl=true
amqp://h/v?ssl=1
amqp://h/v?ssl=
amqps://h/v?ssl=true
amqp://h/v?login_method=PLAIN
amqps://h/v?login_method=EXTERNAL
amqp://h1;amqp://h2
amqp://h1/v;amqp://h2/w
amqp://u:p@h1:1/v;amqp://h2:2/w
amqp://u:p@h1/v;amqps://a:b@h2/v
amqp://u:p@h1/v;h2
amqp://u:p@h1:1//;h2;h3
amqps://u:p@h1/v?heartbeat=5;h2
amqp://h1/v?heartbeat=5&connect_timeout=2;amqp://h2/v;amqp://h3/v?heartbeat=7
""".strip("\n").split("\n")


def answer(connection):
  transport = connection.get_transport_cls()(connection)
  # As the transport does before it connects.
  defaults = transport.default_connection_params
  read = [getattr(connection, name, None) or defaults.get(name) for name in (
    "hostname", "port", "userid", "password", "virtual_host")]
  timeout = float(connection.connect_timeout)
  return json.dumps(read + [
    int(connection.heartbeat), timeout, bool(connection.ssl), connection.login_method or defaults["login_method"]])


def answers(url):
  servers = [answer(Connection(url))]
  for other in Connection(url).alt[1:]:
    connection = Connection(url)
    connection.switch(other)
    servers.append(answer(connection))
  return servers


def main():
  logging.disable(logging.CRITICAL)
  for url in URLS:
    try:
      print(url, *answers(url), sep="\t")
    except Exception:
      print(url, "!", sep="\t")


main()
