"""What an application with RabbitMQ as its broker says to the daemon."""

import json
import os
import pathlib
import ssl
import subprocess
from typing import Any, Dict, List

import pytest
from celery import Celery
from conftest import Server

from reactivebeat.amqpurl import Part
from reactivebeat.errors import InvalidSetting
from reactivebeat.manifest import OtherApplication, publish_manifest
from reactivebeat.settings import Settings, redis_of

SECRET = "hunter2-secret"
STORE = "redis://s/1"


def read(**conf: Any) -> Settings:
  app = Celery("proj", set_as_current=False)
  app.conf.update({"broker_url": "amqp://h//", "redis_scheduler_url": STORE, **conf})
  return Settings.of(app)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
  for name in list(os.environ):
    if name.startswith("CELERY_") or (name.startswith("BEAT_WATCH_") and name != "BEAT_WATCH_PROGRAM"):
      monkeypatch.delenv(name)


@pytest.mark.parametrize("given, url", [
  ("amqp://", "amqp://"),
  ("amqp://h", "amqp://h"),
  ("PYAMQP://u:p%40@h:7//v?heartbeat=3", "pyamqp://u:p%40@h:7//v?heartbeat=3"),
  ("amqps://[::1]:5/%2Fv", "amqps://[::1]:5/%2Fv"),
  ("amqp://a/v;amqp://b/w", "amqp://a/v;amqp://b/w"),
  (["amqp://a/v", "b:2/w"], "amqp://a/v;b:2/w"),
])
def test_all_urls_go_to_the_daemon(given: Any, url: str) -> None:
  settings = read(broker_url=given)
  assert settings.broker_url == url == settings.environment()["CELERY_BROKER_URL"]
  assert settings.store_url == "redis://s:6379/1"


def test_messages_are_written_where_workers_read() -> None:
  assert read(broker_url="redis://a/0", broker_write_url="amqp://w/v").broker_url == "amqp://w/v"


@pytest.mark.parametrize("broker", ["amqp://u:hunter2-secret@h//", None, "amqps://hunter2-secret@h/v"])
def test_without_a_store_one_line_says_what_to_set(broker: Any) -> None:
  with pytest.raises(InvalidSetting, match="^redis_scheduler_url: the broker is RabbitMQ .*: set this, such as") as raised:
    read(broker_url=broker, redis_scheduler_url=None)
  assert "\n" not in str(raised.value) and SECRET not in str(raised.value)


def test_the_store_may_be_mongodb() -> None:
  settings = read(redis_scheduler_url=None, mongodb_scheduler_url="mongodb://m")
  environment = settings.environment()
  assert (environment["CELERY_BROKER_URL"], environment["CELERY_MONGODB_SCHEDULER_URL"]) == ("amqp://h//", "mongodb://m")


@pytest.mark.parametrize("given", [True, {"ca_certs": None}, {"server_hostname": None}, {"cert_reqs": None}])
def test_tls_of_all_servers(given: Any) -> None:
  assert read(broker_url="amqp://a/v;pyamqp://b/w;c", broker_use_ssl=given).broker_url == "amqps://a/v;amqps://b/w;c"


@pytest.mark.parametrize("given, query", [
  ({"cert_reqs": ssl.CERT_REQUIRED}, ""), ({"cert_reqs": ssl.CERT_OPTIONAL}, ""), ({"cert_reqs": 2}, ""),
  ({"cert_reqs": ssl.CERT_NONE, "ca_certs": "/ca.pem"}, "?ssl_cert_reqs=none"), ({"cert_reqs": 0}, "?ssl_cert_reqs=none"),
  ({"server_hostname": "H"}, ""),
  ({"ssl_version": ssl.PROTOCOL_TLS_CLIENT, "tls_minimum_version": ssl.TLSVersion.TLSv1_2, "server_side": False}, ""),
])
def test_options_of_tls(given: Any, query: str) -> None:
  assert read(broker_url="amqp://h/v", broker_use_ssl=given).broker_url == "amqps://h/v" + query


def test_files_of_tls_go_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
  given = {"ca_certs": pathlib.Path("/ca.pem"), "certfile": "/cert.pem", "keyfile": "/key.pem"}
  environment = read(broker_url="amqps://h//", broker_use_ssl=given).environment()
  files = ["BEAT_WATCH_BROKER_CA", "BEAT_WATCH_BROKER_CERT", "BEAT_WATCH_BROKER_KEY"]
  assert [environment[name] for name in files] == ["/ca.pem", "/cert.pem", "/key.pem"]
  assert "pem" not in environment["CELERY_BROKER_URL"], "Celery cannot connect by such a URL"
  monkeypatch.setenv("BEAT_WATCH_BROKER_CA", "/other.pem")
  environment = read(broker_url="amqps://h//", broker_use_ssl=given).environment()
  assert environment["BEAT_WATCH_BROKER_CA"] == "/other.pem", "the environment wins"


@pytest.mark.parametrize("broker", ["amqps://h/v", "amqp://h/v?ssl=true"])
def test_the_host_of_a_certificate(broker: str) -> None:
  assert "ssl_check_hostname" not in str(read(broker_url=broker).broker_url)
  url = read(broker_url=broker, reactivebeat_broker_check_hostname=False).broker_url
  assert str(url).endswith("ssl_check_hostname=false")


@pytest.mark.parametrize("conf, query", [
  ({}, ""),
  ({"broker_heartbeat": 120, "broker_connection_timeout": 4}, ""),  # Celery's own.
  ({"broker_heartbeat": 30}, "?heartbeat=30"), ({"broker_heartbeat": 0}, "?heartbeat=0"),
  ({"broker_heartbeat": 2.5}, "?heartbeat=3"), ({"broker_transport_options": {"heartbeat": 7}}, "?heartbeat=7"),
  ({"broker_connection_timeout": 10}, "?connect_timeout=10"),
  ({"broker_connection_timeout": 0.25}, "?connect_timeout=0.25"),
  ({"broker_connection_timeout": None}, ""),
  ({"broker_login_method": "PLAIN"}, ""), ({"broker_login_method": "AMQPLAIN"}, ""),
  ({"broker_login_method": "EXTERNAL"}, "?login_method=EXTERNAL"),
])
def test_settings_of_the_connection(conf: Dict[str, Any], query: str) -> None:
  assert read(broker_url="amqps://h/v", **conf).broker_url == "amqps://h/v" + query


def test_what_the_url_says_wins() -> None:
  settings = read(broker_url="amqp://h/v?heartbeat=5&connect_timeout=;amqp://b/w?heartbeat=6", broker_heartbeat=30,
                  broker_connection_timeout=9)
  assert settings.broker_url == "amqp://h/v?heartbeat=5&connect_timeout=&connect_timeout=9;amqp://b/w?heartbeat=6"


@pytest.mark.parametrize("conf, option", [
  ({}, "none"),
  ({"reactivebeat_broker_declare": "none", "task_default_queue_type": "quorum"}, "none"),
  ({"reactivebeat_broker_declare": "classic"}, "classic"), ({"reactivebeat_broker_declare": "quorum"}, "quorum"),
  ({"reactivebeat_broker_declare": "classic,max-priority=255"}, "classic,max-priority=255"),
  ({"reactivebeat_broker_declare": "application"}, "classic"),
  ({"reactivebeat_broker_declare": "application", "task_queue_max_priority": 10}, "classic,max-priority=10"),
  ({"reactivebeat_broker_declare": "application", "task_default_queue_type": "quorum",
    "task_create_missing_queue_type": "quorum"}, "quorum"),
])
def test_how_queues_are_declared(conf: Dict[str, Any], option: str) -> None:
  assert read(**conf).environment()["BEAT_WATCH_BROKER_DECLARE"] == option


def test_the_environment_says_how_queues_are_declared(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("BEAT_WATCH_BROKER_DECLARE", "quorum")
  assert read(reactivebeat_broker_declare="classic").environment()["BEAT_WATCH_BROKER_DECLARE"] == "quorum"


APPLICATION = {"reactivebeat_broker_declare": "application"}


@pytest.mark.parametrize("conf, error", [
  ({"broker_url": f"amqp://u:{SECRET}#x@h"}, "broker_url: an AMQP URL has no part after '#'"),
  ({"broker_url": f"amqp://u:p/{SECRET}@h"}, "broker_url: an '@' stands behind the host"),
  ({"broker_url": f"amqp://u:p?{SECRET}@h"}, "broker_url: an '@' stands behind the host"),
  ({"broker_url": f"amqp://u:p;{SECRET}@h"}, "broker_url: "),
  ({"broker_url": f"amqp://u:{SECRET}/h"}, "broker_url: the AMQP URL does not have a host and a port"),
  ({"broker_url": f"amqp://h;redis://:{SECRET}@b"}, "broker_url: every part of the AMQP URL begins with"),
  ({"broker_url": f"amqp://:{SECRET}@h\nx"}, "broker_url: the AMQP URL holds a control character"),
  ({"broker_use_ssl": {"ssl_ca_certs": "/x"}}, "broker_use_ssl: ssl_ca_certs cannot be said .* it takes ca_certs,"),
  ({"broker_use_ssl": {"ciphers": "x"}}, "broker_use_ssl: ciphers cannot be said"),
  ({"broker_use_ssl": {"context": {"cafile": "/x"}}}, "broker_use_ssl: context cannot be said"),
  ({"broker_use_ssl": {"server_side": True}}, "broker_use_ssl: server_side cannot be said"),
  ({"broker_use_ssl": {"cert_reqs": "CERT_NONE"}}, "broker_use_ssl: cert_reqs: expected ssl.CERT_REQUIRED"),
  ({"broker_use_ssl": {"ca_certs": 7}}, "broker_use_ssl: ca_certs: expected the path of a file, found a int"),
  ({"broker_use_ssl": {"ca_certs": ""}}, "broker_use_ssl: ca_certs: expected the path of a file"),
  ({"broker_use_ssl": {"keyfile": "/x"}}, "broker_use_ssl: keyfile needs the certificate"),
  ({"broker_use_ssl": {"server_hostname": "other"}}, "broker_use_ssl: server_hostname: beat-watch checks .* 'other'"),
  ({"broker_use_ssl": {"tls_minimum_version": ssl.TLSVersion.TLSv1_3}}, "broker_use_ssl: tls_minimum_version: "),
  ({"broker_use_ssl": True, "reactivebeat_broker_check_hostname": 0}, "reactivebeat_broker_check_hostname: expected True"),
  ({"broker_login_method": "GSSAPI"}, "broker_login_method: beat-watch logs in by PLAIN or EXTERNAL"),
  ({"broker_login_method": "EXTERNAL"}, "broker_login_method: EXTERNAL is .* needs TLS"),
  ({"broker_heartbeat": -1}, "broker_heartbeat: expected seconds from 0 to 65535, found -1"),
  ({"broker_heartbeat": "x"}, "broker_heartbeat: expected seconds"),
  ({"broker_connection_timeout": 0}, "broker_connection_timeout: expected seconds from 0.001 to 86400, found 0"),
  ({"broker_connection_timeout": True}, "broker_connection_timeout: expected seconds"),
  ({"broker_transport_options": {"password": SECRET}}, "broker_transport_options: password has no effect .* broker_url"),
  ({"broker_transport_options": {"authentication": [SECRET]}}, "broker_transport_options: authentication: "),
  ({"reactivebeat_broker_declare": "quorum,max-priority=5"}, "reactivebeat_broker_declare: expected none, classic"),
  ({"reactivebeat_broker_declare": "classic,max-priority=256"}, "reactivebeat_broker_declare: expected none, classic"),
  ({"reactivebeat_broker_declare": True}, "reactivebeat_broker_declare: expected none, classic"),
  ({**APPLICATION, "task_default_queue_type": "quorum"}, "reactivebeat_broker_declare: the workers declare the default"),
  ({**APPLICATION, "task_default_queue_type": "stream"}, "task_default_queue_type: expected classic or quorum"),
  ({**APPLICATION, "task_queue_max_priority": 256}, "task_queue_max_priority: expected a whole number"),
  ({**APPLICATION, "task_queue_max_priority": 5, "task_default_queue_type": "quorum",
    "task_create_missing_queue_type": "quorum"}, "task_queue_max_priority: a quorum queue takes no"),
])
def test_a_wrong_setting_is_named(conf: Dict[str, Any], error: str) -> None:
  with pytest.raises(InvalidSetting, match="^" + error) as raised:
    read(**conf)
  assert SECRET not in str(raised.value) and "\n" not in str(raised.value)


def test_options_of_a_redis_stay_out_of_the_environment() -> None:
  settings = read(broker_url=f"amqp://u:{SECRET}@h//", broker_transport_options={"global_keyprefix": "x", "sep": "y"})
  assert settings.environment()["CELERY_BROKER_TRANSPORT_OPTIONS"] == "{}"
  assert SECRET not in repr(settings) and SECRET not in str(settings.broker)


@pytest.mark.parametrize("url, place", [
  ("amqp://u:p@h:7/v", "amqp://h:7/v"), ("amqps://h", "amqp://h/%2F"), ("amqp://h//", "amqp://h/%2F"),
  ("amqp://h/%2F", "amqp://h/%2F"), ("amqp://[::1]:5//v?heartbeat=2", "amqp://[::1]:5/%2Fv"), ("amqp://", "amqp://localhost/%2F"),
])
def test_the_place_of_a_server(url: str, place: str) -> None:
  assert Part.parse(url).place == place


def test_applications_of_one_name_are_told_apart_by_the_virtual_host(server: Server) -> None:
  def publish(url: str) -> List[str]:
    app = Celery("proj", set_as_current=False)
    app.conf.update(broker_url=url, redis_scheduler_url=server.url(1))
    return publish_manifest(app, server.client(1), "tasks:meta:", broker=Settings.of(app).broker).changes

  publish(f"amqp://u:{SECRET}@h/v")
  text = server.client(1).get("reactivebeat:tasks:meta:application") or b"".join(
    server.client(1).get(key) or b"" for key in server.client(1).keys("*") if server.client(1).type(key) == b"string")
  assert json.loads(text)["broker"] == "amqp://h/v"
  assert SECRET.encode() not in text
  publish(f"amqps://other:{SECRET}@h2/v")
  with pytest.raises(OtherApplication, match="amqp://h2/v, and those of this one are in amqp://h/w"):
    publish("amqp://h/w")
  with pytest.raises(OtherApplication, match="redis://h:6379/0"):
    publish("redis://h/0")


def test_the_guard_knows_that_the_broker_is_no_redis() -> None:
  app = Celery("proj", set_as_current=False, broker="amqp://h")
  assert redis_of(app) is None
  assert redis_of(Celery("proj", set_as_current=False, broker="redis://h/2")) is not None


@pytest.mark.parametrize("conf", [
  {"broker_url": "amqp://u:p@h/v;amqp://b/w"},
  {"broker_url": "amqp://h/v", "broker_use_ssl": {"ca_certs": "/ca.pem", "certfile": "/c.pem", "cert_reqs": 0},
   "broker_login_method": "EXTERNAL", "broker_heartbeat": 30, "broker_connection_timeout": 2.5,
   "reactivebeat_broker_check_hostname": False, "reactivebeat_broker_declare": "classic,max-priority=9"},
])
def test_the_daemons_program_understands_the_environment(
    server: Server, beat_watch: pathlib.Path, conf: Dict[str, Any]) -> None:
  settings = read(redis_scheduler_url=server.url(1), **conf)
  server.client(1).set("tasks:meta:a", '{"name": "a", "task": "t", "enabled": true, "crontab": {"hour": 2}}')
  output = subprocess.run(
    [beat_watch, "explain", "a"], env=dict(os.environ, **settings.environment()), capture_output=True, text=True)
  assert "usage" not in output.stderr.lower() and "broker-url" not in output.stderr, output.stderr
  assert output.returncode == 0, (output.stdout, output.stderr)
