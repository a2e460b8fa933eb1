"""What a Celery application says."""

import datetime
import json
import os
import pathlib
import ssl
import subprocess
from typing import Any, Dict

import pytest
from celery import Celery
from conftest import Server

from reactivebeat.errors import InvalidSetting, UnsupportedBroker
from reactivebeat.settings import Settings


def read(**conf: Any) -> Settings:
  app = Celery("proj", set_as_current=False)
  app.conf.update(conf)
  return Settings.of(app)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
  for name in ("CELERY_BROKER_URL", "CELERY_REDIS_SCHEDULER_URL", "CELERY_REDIS_SCHEDULER_KEY_PREFIX", "TZ",
               "BEAT_WATCH_MASTER_NAME"):
    monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("broker, store", [
  ("redis://localhost:6379/0", "redis://localhost:6379/1"),
  ("redis://localhost", "redis://localhost:6379/1"),
  ("redis", "redis://localhost:6379/1"),
  ("redis://u:p%40@h:7/5", "redis://u:p%40@h:7/1"),
  ("redis://h:7/1", "redis://h:7/1"),
  ("rediss://h/0?ssl_cert_reqs=CERT_NONE", "rediss://h:6379/1?ssl_cert_reqs=none"),
  ("redis+socket:///s.sock?virtual_host=4", "redis+socket:///s.sock?virtual_host=1"),
  ("sentinel://a/0;sentinel://b/0?master_name=m", "sentinel://a:26379/1?master_name=m;sentinel://b:26379"),
])
def test_the_schedules_are_on_the_brokers_server_in_database_1(broker: str, store: str) -> None:
  assert read(broker_url=broker).store_url == store


@pytest.mark.parametrize("setting", ["redis_scheduler_url", "CELERY_REDIS_SCHEDULER_URL", "REDIS_SCHEDULER_URL"])
def test_the_url_in_either_spelling(setting: str) -> None:
  settings = read(broker_url="redis://b/0", **{setting: "redis://s/7"})
  assert (settings.store_url, settings.broker_url) == ("redis://s:6379/7", "redis://b:6379/0")


@pytest.mark.parametrize("setting", ["redis_scheduler_key_prefix", "CELERY_REDIS_SCHEDULER_KEY_PREFIX"])
def test_the_prefix_in_either_spelling(setting: str) -> None:
  assert read(broker_url="redis://b/0", **{setting: "x:"}).key_prefix == "x:"
  assert read(broker_url="redis://b/0").key_prefix == "tasks:meta:"


def test_a_namespace_as_django_has_it() -> None:
  app = Celery("proj", set_as_current=False)
  conf = type("conf", (), {"CELERY_BROKER_URL": "redis://b/0", "CELERY_REDIS_SCHEDULER_URL": "redis://s/7"})
  app.config_from_object(conf, namespace="CELERY")
  assert Settings.of(app).store_url == "redis://s:6379/7"


def test_the_environment_wins_as_for_celerys_broker(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("CELERY_REDIS_SCHEDULER_URL", "redis://e/3")
  monkeypatch.setenv("CELERY_REDIS_SCHEDULER_KEY_PREFIX", "e:")
  monkeypatch.setenv("CELERY_BROKER_URL", "redis://eb/0")
  settings = read(broker_url="redis://b/0", redis_scheduler_url="redis://s/7", redis_scheduler_key_prefix="x:")
  assert (settings.store_url, settings.key_prefix) == ("redis://e:6379/3", "e:")
  assert settings.broker_url == "redis://eb:6379/0"


@pytest.mark.parametrize("broker", [["redis://a/0", "redis://b/0"], "redis://a/0;redis://b/0"])
def test_of_several_brokers_the_daemon_uses_the_first(broker: Any) -> None:
  settings = read(broker_url=broker)
  assert settings.broker_url == "redis://a:6379/0"
  assert settings.broker_urls == ("redis://a/0", "redis://b/0")


def test_messages_are_written_where_workers_read() -> None:
  assert read(broker_url="redis://a/0", broker_write_url="redis://w/0").broker_url == "redis://w:6379/0"


def test_sentinels_are_named_by_the_transport_options() -> None:
  settings = read(
    broker_url=["sentinel://:p@a/2", "sentinel://b/2"],
    broker_transport_options={"master_name": "m", "sentinel_kwargs": {"password": "sp"}})
  assert settings.broker_url == (
    "sentinel://:p@a:26379/2?master_name=m&sentinel_password=sp;sentinel://b:26379")
  assert settings.store_url.startswith("sentinel://:p@a:26379/1?master_name=m")


def test_broker_use_ssl_leaves_sentinels_out_as_for_celery() -> None:
  options: Dict[str, Any] = {"master_name": "m"}
  settings = read(broker_url="sentinel://a/2", broker_use_ssl=True, broker_transport_options=options)
  assert settings.broker_url == "rediss+sentinel://a:26379/2?master_name=m&sentinel_ssl=false"
  options["sentinel_kwargs"] = {"ssl": True}
  settings = read(broker_url="sentinel://a/2", broker_use_ssl=True, broker_transport_options=options)
  assert settings.broker_url == "rediss+sentinel://a:26379/2?master_name=m"


@pytest.mark.parametrize("given, options", [
  (True, ""),
  ({"ssl_cert_reqs": ssl.CERT_NONE}, "?ssl_cert_reqs=none"),
  ({"ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem", "ssl_certfile": None}, "?ssl_ca_certs=/ca.pem"),
  ({"ssl_check_hostname": False}, "?ssl_check_hostname=false"),
  ({"ssl_cert_reqs": None}, "?ssl_cert_reqs=none"), ({"ssl_cert_reqs": 0}, "?ssl_cert_reqs=none"),
  ({"ssl_cert_reqs": 2, "ssl_check_hostname": None}, "?ssl_check_hostname=false"),
  ({"ssl_cert_reqs": "CERT_NONE"}, "?ssl_cert_reqs=none"),
])
def test_broker_use_ssl(given: Any, options: str) -> None:
  settings = read(broker_url="redis://b/0", broker_use_ssl=given)
  assert settings.broker_url == "rediss://b:6379/0" + options
  assert settings.store_url == "rediss://b:6379/1" + options


@pytest.mark.parametrize("conf, name", [
  ({}, "UTC"),
  ({"timezone": "Europe/Berlin"}, "Europe/Berlin"),
  ({"timezone": "Europe/Berlin", "enable_utc": False}, "Europe/Berlin"),
  ({"timezone": "UTC"}, "UTC"),
])
def test_the_zone_as_celery_settles_it(conf: Dict[str, Any], name: str) -> None:
  assert read(broker_url="redis://", **conf).timezone == name


def test_the_hosts_zone(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("TZ", "Asia/Tokyo")
  app = Celery("proj", set_as_current=False, broker="redis://")
  app.conf.enable_utc = False
  # Some releases of Celery have an object without a name for the host's zone, and some keep the first answer.
  app.timezone = datetime.timezone(datetime.timedelta(hours=9))
  assert Settings.of(app).timezone == "Asia/Tokyo"
  monkeypatch.setenv("TZ", "/etc/hostname")
  with pytest.raises(InvalidSetting, match="^timezone: the application's zone has no name"):
    Settings.of(app)


@pytest.mark.parametrize("broker", ["memory://", "sqs://secret@", "amqpx://u:secret@h"])
def test_a_broker_of_another_kind_is_one_line(broker: Any) -> None:
  with pytest.raises(UnsupportedBroker) as raised:
    read(broker_url=broker)
  assert "\n" not in str(raised.value) and "secret" not in str(raised.value)
  assert f"is {broker.partition(':')[0]}://" in str(raised.value)


@pytest.mark.parametrize("broker", ["rabbit.internal", "u:secret@h:5672", "pyamqp"])
def test_a_broker_without_a_scheme_is_one_line(broker: str) -> None:
  with pytest.raises(UnsupportedBroker, match="^broker_url has no scheme") as raised:
    read(broker_url=broker)
  assert "secret" not in str(raised.value)


@pytest.mark.parametrize("conf, error", [
  ({"broker_url": "redis://:secret@h/x"}, "broker_url: the database in the Redis URL"),
  ({"broker_url": "redis://h", "redis_scheduler_url": "redis://:secret@h:x"}, "redis_scheduler_url: the port"),
  ({"broker_url": "redis://h", "redis_scheduler_url": 7}, "redis_scheduler_url: expected a text, found a int"),
  ({"broker_url": "redis://h", "broker_use_ssl": {"ca_certs": "/x"}}, "broker_use_ssl: ca_certs is not supported"),
  ({"broker_url": "redis://h", "broker_use_ssl": {"ssl_cert_reqs": 3}}, "broker_use_ssl: ssl_cert_reqs is not one of"),
  ({"broker_url": "redis+socket:///s", "broker_use_ssl": True}, "broker_use_ssl: the broker is a unix socket"),
  ({"broker_url": "redis://h", "timezone": "Europe/Berln"},
   "timezone: 'Europe/Berln' is no time zone of this system: expected one such as Europe/Berlin"),
  ({"broker_url": "redis://h", "timezone": "../etc"}, "timezone: '../etc' is no time zone"),
  ({"broker_url": "redis://h", "timezone": 7}, "timezone: 7 is no time zone"),
  ({"broker_url": "redis://h", "broker_transport_options": "x"}, "broker_transport_options: expected a dict, found a str"),
  ({"broker_url": 7}, "broker_url: expected a text, or a list of texts, found a int"),
  ({"broker_url": b"redis://h"}, "broker_url: expected a text, or a list of texts, found a bytes"),
  ({"broker_url": "sentinel://a"}, "broker_url: a Sentinel URL needs the name of the primary"),
])
def test_a_wrong_setting_is_named(conf: Dict[str, Any], error: str) -> None:
  with pytest.raises(InvalidSetting, match="^" + error) as raised:
    read(**conf)
  assert "secret" not in str(raised.value)


def test_the_daemons_environment() -> None:
  settings = read(
    broker_url="redis://:secret@h/0", timezone="Europe/Berlin", task_default_queue="jobs",
    redis_scheduler_key_prefix="x:",
    broker_transport_options={
      "global_keyprefix": "shop-", "priority_steps": range(3), "visibility_timeout": 7,
      "sentinel_kwargs": {"password": "hidden"}})
  environment = settings.environment()
  assert json.loads(environment.pop("CELERY_BROKER_TRANSPORT_OPTIONS")) == {
    "global_keyprefix": "shop-", "priority_steps": [0, 1, 2]}
  assert environment == {
    "CELERY_REDIS_SCHEDULER_URL": "redis://:secret@h:6379/1", "CELERY_BROKER_URL": "redis://:secret@h:6379/0",
    "CELERY_REDIS_SCHEDULER_KEY_PREFIX": "x:", "CELERY_TIMEZONE": "Europe/Berlin",
    "CELERY_TASK_DEFAULT_QUEUE": "jobs"}
  assert "secret" not in repr(settings)


def test_the_environment_of_a_store_alone() -> None:
  assert Settings.of_store("redis://h/4", "x:").environment() == {
    "CELERY_REDIS_SCHEDULER_URL": "redis://h:6379/4", "CELERY_REDIS_SCHEDULER_KEY_PREFIX": "x:"}


@pytest.mark.parametrize("extra", ["", "&health_check_interval=3"])
def test_the_daemons_program_understands_the_environment(server: Server, beat_watch: pathlib.Path, extra: str) -> None:
  settings = read(
    broker_url=server.url(0) + extra, timezone="Europe/Berlin", redis_scheduler_key_prefix="x:",
    broker_transport_options={"global_keyprefix": "shop-", "priority_steps": (0, 5)})
  server.client(1).set("x:a", '{"name": "a", "task": "t", "enabled": true, "crontab": {"hour": 2}}')
  environment = dict(os.environ, **settings.environment())
  output = subprocess.run([beat_watch, "list", "--json"], env=environment, check=True, capture_output=True).stdout
  assert [entry["name"] for entry in json.loads(output)] == ["a"]
