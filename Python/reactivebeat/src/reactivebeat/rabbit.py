"""What an application with RabbitMQ as its broker says to the daemon.

| setting | |
|---|---|
| `broker_url`, `broker_write_url` | all the servers; the daemon takes the next one when one is lost |
| `broker_use_ssl` | True, or the options of py-amqp: the URLs become `amqps://` |
| `broker_heartbeat`, `broker_connection_timeout`, `broker_login_method` | options of the URLs that do not say them |
| `reactivebeat_broker_declare` | how queues are declared that are not there; `application`: as its workers do |
| `reactivebeat_broker_check_hostname` | False: the server's certificate may be for another name |

What the daemon cannot do, and what would be less than the application asks for, is refused.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import ssl
from typing import Any, Dict, Final, Mapping, Optional, Tuple

from .amqpurl import Part, parts
from .application import queue_declaration
from .errors import InvalidSetting, InvalidURL

_DECLARE_VARIABLE: Final = "BEAT_WATCH_BROKER_DECLARE"
#: py-amqp's names of files, and the daemon's variables for them.
_FILES: Final = {
  "ca_certs": "BEAT_WATCH_BROKER_CA", "certfile": "BEAT_WATCH_BROKER_CERT", "keyfile": "BEAT_WATCH_BROKER_KEY"}
#: Options of py-amqp without a meaning for the daemon: how Python's sockets behave, and the newest TLS to speak.
_WITHOUT_EFFECT: Final = (
  "do_handshake_on_connect", "suppress_ragged_eofs", "ssl_version", "tls_maximum_version")
#: Transport options that would make Celery's connection another one than the URL says.
_ELSEWHERE: Final = {
  "host": "broker_url", "userid": "broker_url", "password": "broker_url", "virtual_host": "broker_url",
  "ssl": "broker_use_ssl", "login_method": "broker_login_method"}


@dataclasses.dataclass(frozen=True)
class Rabbit:
  """RabbitMQ as the broker. `str()` shows where it is, without who logs in."""

  #: All the servers' URLs with their passwords, in the daemon's spelling.
  url: str = dataclasses.field(repr=False)
  #: The places of the servers, by which two brokers are told apart.
  place: str
  #: The daemon's other variables.
  variables: Mapping[str, str]

  @classmethod
  def of(cls, conf: Any, urls: Tuple[str, ...], use_ssl: Any, options: Mapping[str, Any]) -> Rabbit:
    """Reads an application's configuration. Raises InvalidSetting.

    - urls: of which the first is one of RabbitMQ.
    - use_ssl, options: `broker_use_ssl` and `broker_transport_options`.
    """
    try:
      servers = parts(urls)
    except InvalidURL as error:
      raise InvalidSetting("broker_url", str(error)) from None
    for name, setting in _ELSEWHERE.items():
      if options.get(name) is not None:
        raise InvalidSetting("broker_transport_options", f"{name} has no effect in beat-watch: say it by {setting}")
    for name in ("authentication", "login_response"):
      if options.get(name):
        raise InvalidSetting("broker_transport_options", f"{name}: beat-watch logs in by PLAIN or EXTERNAL only")
    wanted = _connection(conf, options)
    variables = {_DECLARE_VARIABLE: declaration(conf)}
    if use_ssl:
      servers = tuple(server.secured() for server in servers)
    if any(server.scheme == "amqps" or "ssl" in server.options for server in servers):
      tls = _TLS.of(use_ssl if isinstance(use_ssl, Mapping) else {}, conf, servers)
      wanted.update(tls.options)
      variables.update(tls.files)
    elif wanted.get("login_method") == "EXTERNAL":
      raise InvalidSetting(
        "broker_login_method", "EXTERNAL is a login by the client's certificate, which needs TLS: set broker_use_ssl")
    # The options of the first URL are those of the others too, unless they say otherwise.
    servers = (servers[0].having(wanted), *servers[1:])
    return cls(
      ";".join(server.url for server in servers), ";".join(server.place for server in servers),
      # The environment wins, as for the settings of the store.
      {name: os.environ.get(name) or value for name, value in variables.items()})

  def __str__(self) -> str:
    return self.place


def declaration(conf: Any) -> str:
  """The setting `reactivebeat_broker_declare` as the daemon's option. Raises InvalidSetting."""
  value = conf.get("reactivebeat_broker_declare") or "none"
  if value == "application":
    try:
      return queue_declaration(conf)
    except ValueError as error:
      raise InvalidSetting(*error.args) from None
  found = re.fullmatch(r"none|quorum|classic(?:,max-priority=([1-9][0-9]{0,2}))?", value if isinstance(value, str) else "")
  if found is None or int(found[1] or 1) > 255:
    raise InvalidSetting(
      "reactivebeat_broker_declare",
      f"expected none, classic, classic,max-priority=N (1 to 255), quorum or application, found {value!r}")
  return str(value)


def _connection(conf: Any, options: Mapping[str, Any]) -> Dict[str, str]:
  """The options of a URL by the settings of a connection that are not Celery's defaults."""
  wanted: Dict[str, str] = {}
  heartbeat = _said(conf, options, "broker_heartbeat", "heartbeat")
  if heartbeat is not None:
    seconds = _number("broker_heartbeat", heartbeat, 0, 65_535)
    wanted["heartbeat"] = str(math.ceil(seconds))
  timeout = _said(conf, options, "broker_connection_timeout", "connect_timeout")
  if timeout is not None:
    seconds = _number("broker_connection_timeout", timeout, 0.001, 86_400)
    wanted["connect_timeout"] = f"{seconds:.3f}".rstrip("0").rstrip(".")
  method = conf.broker_login_method
  if method == "EXTERNAL":
    wanted["login_method"] = method
  elif method not in (None, "PLAIN", "AMQPLAIN"):  # Those two send the same user and password.
    raise InvalidSetting("broker_login_method", f"beat-watch logs in by PLAIN or EXTERNAL only, found {method!r}")
  return wanted


def _said(conf: Any, options: Mapping[str, Any], setting: str, option: str) -> Any:
  """A value that the application gives. None: it gives none, or Celery's own, and the daemon's counts."""
  from celery.app.defaults import DEFAULTS
  value = options.get(option)
  if value is not None:
    return value
  value = conf.get(setting)
  return None if value == DEFAULTS.get(setting) else value


def _number(setting: str, value: Any, least: float, most: float) -> float:
  try:
    number = math.nan if isinstance(value, bool) else float(value)
  except (TypeError, ValueError):
    number = math.nan
  if not least <= number <= most:
    raise InvalidSetting(setting, f"expected seconds from {least} to {most}, found {value!r}")
  return number


@dataclasses.dataclass(frozen=True)
class _TLS:
  """What `broker_use_ssl` asks for, in the daemon's words."""

  options: Mapping[str, str]
  files: Mapping[str, str]

  @classmethod
  def of(cls, given: Mapping[str, Any], conf: Any, servers: Tuple[Part, ...]) -> _TLS:
    options: Dict[str, str] = {}
    files: Dict[str, str] = {}
    for name, value in given.items():
      if name in _FILES:
        if value is not None:
          files[_FILES[name]] = _path(name, value)
      elif name == "cert_reqs":
        options.update(_requirement(value))
      elif name == "server_hostname":
        _check_name(value, servers)
      elif name == "tls_minimum_version":
        if value is not None and value > ssl.TLSVersion.TLSv1_2:
          raise _refused(f"{name}: beat-watch speaks TLS 1.2 too: let the server demand more (ssl_options.versions)")
      elif name not in _WITHOUT_EFFECT and value not in (None, False):
        known = ", ".join((*_FILES, "cert_reqs", "server_hostname"))
        raise _refused(f"{name} cannot be said to beat-watch; for RabbitMQ it takes {known}")
    if "keyfile" in given and given["keyfile"] is not None and given.get("certfile") is None:
      raise _refused("keyfile needs the certificate that belongs to it: certfile")
    checks = conf.get("reactivebeat_broker_check_hostname", True)
    if not isinstance(checks, bool):
      raise InvalidSetting("reactivebeat_broker_check_hostname", f"expected True or False, found {checks!r}")
    if not checks:
      options["ssl_check_hostname"] = "false"
    return cls(options, files)


def _path(name: str, value: Any) -> str:
  if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
    raise _refused(f"{name}: expected the path of a file, found a {type(value).__name__}")
  return str(os.fspath(value))


def _requirement(value: Any) -> Dict[str, str]:
  # Those are numbers, which may be given bare. None is Python's default, which checks.
  if value is not None and value not in tuple(ssl.VerifyMode):
    raise _refused(f"cert_reqs: expected ssl.CERT_REQUIRED, ssl.CERT_OPTIONAL or ssl.CERT_NONE, found {value!r}")
  return {"ssl_cert_reqs": "none"} if value == ssl.CERT_NONE and value is not None else {}


def _check_name(value: Any, servers: Tuple[Part, ...]) -> None:
  """`server_hostname`: by which name the certificate is checked. None is the URL's for kombu, as for the daemon."""
  if value is not None and any(str(value).lower() != server.host.lower() for server in servers):
    raise _refused(
      f"server_hostname: beat-watch checks the certificate by the host of broker_url, and not by {value!r}: name that "
      "host there, or set reactivebeat_broker_check_hostname to False")


def _refused(reason: str) -> InvalidSetting:
  return InvalidSetting("broker_use_ssl", reason)
