"""What a Celery application's configuration says to the daemon and to this package.

| setting | |
|---|---|
| `redis_scheduler_url` | where the schedules are; without it database 1 of the broker's own server, if that is a Redis |
| `redis_scheduler_key_prefix` | what the schedules' keys begin with; `tasks:meta:` |
| `mongodb_scheduler_url`, `mongodb_scheduler_db`, `mongodb_scheduler_collection` | the same in MongoDB |
| `broker_url`, `broker_write_url`, `broker_use_ssl`, `broker_transport_options` | where the workers' queues are |
| `broker_heartbeat`, `reactivebeat_broker_declare` and others | for RabbitMQ alone: `rabbit.py` |
| `timezone`, `enable_utc` | the zone of crontabs that name none, as Celery settles it |
| `task_default_queue` | the queue of schedules that name none |
| `reactivebeat_publish_at_start` | False: celery beat publishes nothing when it starts |
| `reactivebeat_conflicts` | `keep` or `reset`: what people have changed by hand in schedules of the code |

The settings of celerybeat-redis and celerybeat-mongo are understood in their spelling too
(`CELERY_REDIS_SCHEDULER_URL`). As with Celery's own `CELERY_BROKER_URL`, the environment's variable wins over the
application's setting: so `beat-watch list` in the same environment shows the same schedules. An application whose
broker is `redis://localhost:6379/0` has its schedules where `beat-watch` looks without any option, in
`redis://localhost:6379/1`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import ssl
import warnings
from typing import TYPE_CHECKING, Any, Dict, Final, Mapping, Optional, Tuple, Union

from .amqpurl import is_amqp
from .application import told
from .connection import TLS, Address
from .errors import InvalidSetting, InvalidURL, UnsupportedBroker, UnsupportedStore
from .keys import DEFAULT_PREFIX, Keys
from .mongo import DEFAULT_URL, URL_VARIABLE, MongoPlace, is_mongo
from .rabbit import Rabbit
from .storekind import REDIS_VARIABLE, StoreKind, own, store_kind
from .url import is_redis
from .zone import zone

if TYPE_CHECKING:
  from celery import Celery

#: The database of the schedules on the broker's server, unless told otherwise.
_DATABASE: Final = 1
#: The transport options that the daemon goes by. All others stay out of its environment: they may be secret.
_TRANSPORT_OPTIONS: Final = (
  "global_keyprefix", "sep", "priority_steps", "unacked_key", "unacked_index_key", "unacked_mutex_key",
  "fanout_prefix", "master_name")


@dataclasses.dataclass(frozen=True)
class Settings:
  """Where the schedules are, and what the daemon must know. None: not known here, the daemon's own default."""

  #: The store's address with its password, in the daemon's spelling.
  store_url: str = dataclasses.field(repr=False)
  #: Where the schedules are if they are in MongoDB; None: in Redis.
  mongo: Optional[MongoPlace] = None
  key_prefix: str = DEFAULT_PREFIX
  #: The broker's address with its password and the options of `broker_use_ssl`, in the daemon's spelling.
  broker_url: Optional[str] = dataclasses.field(default=None, repr=False)
  #: All broker URLs as the application has them. Of several Redis servers the daemon uses the first; of sentinels, and
  #: of RabbitMQ's servers, all.
  broker_urls: Tuple[str, ...] = dataclasses.field(default=(), repr=False)
  broker_use_ssl: Union[bool, Mapping[str, Any], None] = None
  broker_transport_options: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
  #: What the daemon must know of a broker that is RabbitMQ; None: it is another one.
  rabbit: Optional[Rabbit] = None
  #: The IANA name of the application's zone, such as `Europe/Berlin`.
  timezone: Optional[str] = None
  enable_utc: bool = True
  default_queue: Optional[str] = None

  @classmethod
  def of(cls, app: Celery, kind: Optional[StoreKind] = None) -> Settings:
    """The settings of an application. `kind` is that of its store; None: as `store_kind` finds it.

    Raises UnsupportedBroker, InvalidSetting, and InvalidURL.
    """
    check_application(app)
    conf = app.conf
    urls, options = _broker_urls(conf.broker_write_url), _transport_options(conf)
    broker = _broker(conf, urls, options)
    mongo = _mongo(conf) if (kind or store_kind(conf)) is StoreKind.MONGODB else None
    return cls(
      store_url=mongo.url if mongo is not None else _store(own(conf, "redis_scheduler_url"), broker).url, mongo=mongo,
      key_prefix=own(conf, "redis_scheduler_key_prefix") or DEFAULT_PREFIX, broker_url=broker.url, broker_urls=urls,
      broker_use_ssl=conf.broker_use_ssl, broker_transport_options=options,
      rabbit=broker if isinstance(broker, Rabbit) else None, timezone=zone(app),
      enable_utc=bool(conf.enable_utc), default_queue=str(conf.task_default_queue))

  @classmethod
  def of_store(cls, url: str, prefix: str = DEFAULT_PREFIX) -> Settings:
    """The settings for a store alone. Raises InvalidURL, and InvalidSetting for a prefix that is none."""
    if not isinstance(url, str):
      raise TypeError(f"expected the address as text, found a {type(url).__name__}; for an application, Schedules(app)")
    if not isinstance(prefix, str) or not prefix:
      raise InvalidSetting("redis_scheduler_key_prefix", f"expected a text such as {DEFAULT_PREFIX}, found {prefix!r}")
    if is_mongo(url):
      return cls(store_url=url, mongo=MongoPlace.parse(url), key_prefix=prefix)
    return cls(store_url=Address.parse(url, os.environ.get("BEAT_WATCH_MASTER_NAME")).url, key_prefix=prefix)

  @property
  def store(self) -> Address:
    """The Redis with the schedules. Raises UnsupportedStore if they are in MongoDB."""
    if self.mongo is not None:
      raise UnsupportedStore(
        f"the schedules are in MongoDB ({self.mongo}), and this works with Redis: change them there by pymongo or "
        "mongoengine, or by the commands of beat-watch (python -m reactivebeat -A APP set)")
    return Address.parse(self.store_url)

  @property
  def place(self) -> str:
    """Where the schedules are, for people: without the password."""
    return str(self.mongo) if self.mongo is not None else f"{self.store} ({self.key_prefix}*)"

  @property
  def broker(self) -> Union[Address, Rabbit, None]:
    if self.rabbit is not None:
      return self.rabbit
    return Address.parse(self.broker_url) if self.broker_url is not None else None

  @property
  def keys(self) -> Keys:
    return Keys(self.key_prefix)

  def environment(self) -> Dict[str, str]:
    """The variables by which the daemon and its commands know all this. They hold passwords: hand them on as an
    environment, never as arguments, which other users can see."""
    values = {
      **({REDIS_VARIABLE: self.store_url} if self.mongo is None else self.mongo.environment),
      "CELERY_REDIS_SCHEDULER_KEY_PREFIX": self.key_prefix,
      "CELERY_BROKER_URL": self.broker_url,
      "CELERY_TIMEZONE": self.timezone,
      "CELERY_TASK_DEFAULT_QUEUE": self.default_queue,
      **(self.rabbit.variables if self.rabbit is not None else {}),
    }
    # RabbitMQ has none of those, and the daemon's environment shall have none of another's.
    options = {name: value for name in (() if self.rabbit is not None else _TRANSPORT_OPTIONS)
               if (value := self.broker_transport_options.get(name)) is not None}
    if self.broker_url is not None:
      if isinstance(options.get("priority_steps"), (tuple, range)):
        options["priority_steps"] = list(options["priority_steps"])
      try:
        values["CELERY_BROKER_TRANSPORT_OPTIONS"] = json.dumps(options, allow_nan=False)
      except (TypeError, ValueError) as error:
        raise InvalidSetting("broker_transport_options", f"JSON cannot hold {', '.join(options)}: {error}") from None
    other = URL_VARIABLE if self.mongo is None else REDIS_VARIABLE
    if os.environ.get(other):
      values[other] = ""  # beat-watch takes one store only.
    return {name: value for name, value in values.items() if value is not None}


def check_application(app: Celery) -> None:
  """Raises TypeError for what is no application."""
  if isinstance(app, str) or not hasattr(app, "conf"):
    raise TypeError(f"expected a Celery application, found a {type(app).__name__}; for an address there is "
                    "Schedules.from_url(address), and AsyncSchedules.from_url(address)")


def warn_of_prefix(prefix: str) -> None:
  """Warns of a prefix after which a name would follow without a separator, for whoever has made a Schedules."""
  if prefix[-1].isalnum():
    warnings.warn(f"the key prefix {prefix} does not end with a colon, and so the key of a schedule report is "
                  f"{prefix}report: is {prefix}: meant?", stacklevel=4)


def check_publishable(app: Celery) -> None:
  """Raises InvalidSetting if the application cannot be asked for its schedules, or how it sends any task."""
  try:
    app.connection_for_write()  # It connects later. Here kombu loads what speaks with the broker.
  except Exception as error:
    raise InvalidSetting("broker_url", f"Celery cannot load what speaks with this broker: {told(error)}; "
                                       "pip install 'celery[redis]'") from None
  entries = app.conf.beat_schedule
  if not isinstance(entries, Mapping):
    raise InvalidSetting("beat_schedule", f"expected a dict of schedules, found a {type(entries).__name__}")
  try:
    app.backend  # noqa: B018. Some have an entry of their own.
  except Exception as error:
    raise InvalidSetting("result_backend", f"Celery cannot load it: {told(error)}") from None


def conflicts(app: Celery) -> str:
  """The setting `reactivebeat_conflicts`: `keep` or `reset`. Raises InvalidSetting."""
  value = app.conf.get("reactivebeat_conflicts", "keep")
  if value not in ("keep", "reset"):
    raise InvalidSetting("reactivebeat_conflicts", f"expected keep or reset, found {value!r}")
  return str(value)


def publishes_at_start(app: Celery) -> bool:
  """The setting `reactivebeat_publish_at_start`. Raises InvalidSetting."""
  value = app.conf.get("reactivebeat_publish_at_start", True)
  if not isinstance(value, bool):
    raise InvalidSetting("reactivebeat_publish_at_start", f"expected True or False, found {value!r}")
  return value


def redis_of(app: Celery) -> Optional[Address]:
  """The application's broker, if it is a Redis. Raises InvalidSetting."""
  conf = app.conf
  urls = _broker_urls(conf.broker_write_url)
  return _redis(urls, conf.broker_use_ssl, _transport_options(conf)) if urls and is_redis(_first(urls)) else None


def _transport_options(conf: Any) -> Mapping[str, Any]:
  options: Mapping[str, Any] = conf.broker_transport_options or {}
  if not isinstance(options, Mapping):
    raise InvalidSetting("broker_transport_options", f"expected a dict, found a {type(options).__name__}")
  return options


def _broker_urls(value: Any) -> Tuple[str, ...]:
  """The URLs as kombu takes them: one, several with semicolons, or a list."""
  if not value:
    return ()
  parts = [value] if isinstance(value, str) else value
  if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
    raise InvalidSetting("broker_url", f"expected a text, or a list of texts, found a {type(value).__name__}")
  return tuple(url for part in parts for url in part.split(";") if url)


def _first(urls: Tuple[str, ...]) -> str:
  # kombu takes the Redis transport's name alone for its default address. Without any URL, Celery's is RabbitMQ's.
  first = urls[0] if urls else "amqp://"
  return first + "://" if first.lower() in ("redis", "rediss", "sentinel") else first


def _broker(conf: Any, urls: Tuple[str, ...], options: Mapping[str, Any]) -> Union[Address, Rabbit]:
  first = _first(urls)
  if is_amqp(first):
    return Rabbit.of(conf, urls or (first,), conf.broker_use_ssl, options)
  if is_redis(first):
    return _redis(urls, conf.broker_use_ssl, options)
  if "://" not in first:
    raise UnsupportedBroker("broker_url has no scheme: it begins with redis://, rediss://, sentinel://, "
                            "redis+socket://, amqp:// or amqps://")
  scheme = re.match(r"[A-Za-z0-9+.-]*(?=://)", first)
  raise UnsupportedBroker(
    f"broker_url: beat-watch speaks with Redis and RabbitMQ, and this application's broker is "
    f"{scheme[0] if scheme else '?'}://: set broker_url to redis://…, rediss://…, sentinel://…, redis+socket://…, "
    "amqp://… or amqps://…")


def _redis(urls: Tuple[str, ...], use_ssl: Any, options: Mapping[str, Any]) -> Address:
  first = _first(urls)
  whole = ";".join((first, *urls[1:])) if "sentinel" in first.partition("://")[0].lower() else first
  name = options.get("master_name") or os.environ.get("BEAT_WATCH_MASTER_NAME")
  try:
    address = Address.parse(whole, str(name) if name else None)
  except InvalidURL as error:
    raise InvalidSetting("broker_url", str(error)) from None
  if use_ssl:
    address = dataclasses.replace(address, tls=_tls(use_ssl, address))
  return _with_sentinel_login(address, options.get("sentinel_kwargs"), bool(use_ssl))


def _tls(use_ssl: Any, address: Address) -> TLS:
  """`broker_use_ssl` of the Redis transport: True, or the options of redis-py's connection."""
  if address.path is not None:
    raise InvalidSetting("broker_use_ssl", "the broker is a unix socket, which has no TLS")
  if not isinstance(use_ssl, Mapping):
    return address.tls or TLS()
  options = dict(address.tls.query) if address.tls is not None else {}
  for name, value in use_ssl.items():
    if name == "ssl_cert_reqs" and value in tuple(ssl.VerifyMode):  # Those are numbers, which may be given bare.
      value = ssl.VerifyMode(value).name
    elif value is None:
      # For redis-py None is no check, and no file.
      value = {"ssl_cert_reqs": "none", "ssl_check_hostname": "false"}.get(name)
    if value is not None:
      options[str(name)] = str(value)
  try:
    return TLS.of(options)
  except InvalidURL as error:
    raise InvalidSetting("broker_use_ssl", str(error).replace(" in the Redis URL", "")) from None


def _with_sentinel_login(address: Address, given: Any, uses_ssl: bool) -> Address:
  """`sentinel_kwargs` of the transport options: how the sentinels themselves are spoken with. `broker_use_ssl` is about
  the servers alone, as redis-py has it."""
  if address.master_name is None:
    return address
  given = given if isinstance(given, Mapping) else {}
  return dataclasses.replace(
    address, sentinel_username=given.get("username") or address.sentinel_username,
    sentinel_password=given.get("password") or address.sentinel_password,
    sentinel_tls=bool(given.get("ssl", address.sentinel_tls and not uses_ssl)))


def _store(url: Optional[str], broker: Union[Address, Rabbit]) -> Address:
  master = None if isinstance(broker, Rabbit) else broker.master_name
  if url is None:
    if isinstance(broker, Rabbit):
      raise InvalidSetting(
        "redis_scheduler_url", f"the broker is RabbitMQ ({broker}), and schedules are in Redis or MongoDB: set this, "
        "such as redis://localhost:6379/1 (CELERY_REDIS_SCHEDULER_URL), or mongodb_scheduler_url")
    return dataclasses.replace(broker, database=_DATABASE)
  try:
    return Address.parse(url, os.environ.get("BEAT_WATCH_MASTER_NAME") or master)
  except InvalidURL as error:
    raise InvalidSetting("redis_scheduler_url", str(error)) from None


def _mongo(conf: Any) -> MongoPlace:
  try:
    return MongoPlace.parse(
      own(conf, "mongodb_scheduler_url") or DEFAULT_URL, own(conf, "mongodb_scheduler_db"),
      own(conf, "mongodb_scheduler_collection"))
  except InvalidURL as error:
    raise InvalidSetting("mongodb_scheduler_url", str(error)) from None
