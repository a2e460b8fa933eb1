"""The address of a Redis database, as Celery, redis-py and beat-watch write it.

- `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS
- `redis://[[user]:password@]host[:port][/database];redis://host2…`, several nodes of one cluster; `rediss://` for TLS
- `redis+socket:///path[?virtual_host=database]`, also `unix:///path[?db=database]`
- `sentinel://[[user]:password@]host[:port][/database];sentinel://host2…`, the primary that these sentinels name;
  `rediss+sentinel://` for TLS

User, password and path may be percent-encoded, and must be where they hold `/ ? # % @ ;`. The query may have `db` or
`virtual_host`, `username`, `password`; `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_cert_reqs`,
`ssl_check_hostname` as in redis-py or with Celery's values (`CERT_REQUIRED`); for sentinels `master_name`,
`sentinel_username`, `sentinel_password`, `sentinel_ssl`. Other options have no effect. The rules are those of the
daemon, so that both find the same database.
"""

from __future__ import annotations

import re
from typing import Dict, Final, List, Optional, Tuple
from urllib.parse import unquote_to_bytes

from .connection import TLS, Address, flag
from .errors import InvalidURL

_TCP: Final = {"redis": False, "rediss": True, "redis+tls": True, "redis+ssl": True}
_SOCKET: Final = ("redis+socket", "unix", "redis+unix")
_SENTINEL: Final = {"sentinel": False, "redis+sentinel": False, "rediss+sentinel": True, "sentinel+rediss": True}
#: What is written before an '@', and in a query.
_ENCODE: Final = "in a user name or password write / ? # % @ ; as %2F %3F %23 %25 %40 %3B"


def is_redis(url: str) -> bool:
  """Whether the scheme is one of Redis'."""
  scheme = url.strip().partition("://")[0].lower()
  return scheme in _TCP or scheme in _SOCKET or scheme in _SENTINEL


def parse(url: str, master_name: Optional[str] = None) -> Address:
  """Reads a URL, as `Address.parse`."""
  text = url.strip()
  if not text:
    raise InvalidURL("the Redis URL is empty: write redis://localhost:6379/0")
  if re.search(r"[\x00-\x1f\x7f]", text):
    raise InvalidURL("the Redis URL holds a control character or a line break")
  scheme, separator, rest = text.partition("://")
  if not separator or not re.fullmatch(r"[A-Za-z0-9+.-]*", scheme):
    raise InvalidURL(
      "the Redis URL has no scheme: it begins with redis://, rediss://, sentinel:// or redis+socket://")
  # With an unencoded '#' in a password, the rest of it would be taken for something else.
  if "#" in rest:
    raise InvalidURL("a Redis URL has no part after '#': in a user name or password write # as %23")
  scheme = scheme.lower()
  if scheme in _SENTINEL:
    return _sentinels(rest, scheme, master_name)
  if ";" in text:
    if scheme not in ("redis", "rediss"):
      raise InvalidURL(
        "several servers (separated by ';') are sentinels, sentinel://…, or nodes of a cluster, redis://… or rediss://…: "
        "give the URL of one (a ';' in a password is %3B)")
    return _nodes(rest, scheme)
  if scheme in _TCP:
    return _server(_Parts(rest), _TCP[scheme])
  if scheme in _SOCKET:
    return _socket(_Parts(rest))
  raise InvalidURL(
    "the URL's scheme is not one of Redis: it begins with redis://, rediss://, sentinel:// or redis+socket://")


class _Parts:
  """`[user[:password]@][server][path][?query]`, cut into its parts."""

  def __init__(self, rest: str) -> None:
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    path, _, query = rest[len(authority):].partition("?")
    # An '@' behind the host is that of a password with an unencoded '/' or '?', whose beginning would be taken for a
    # host.
    if authority and "@" not in authority and "@" in rest:
      raise _stray_at()
    # The last '@' ends the login, as in Python's clients: an unencoded '@' in a password is common.
    login, _, server = authority.rpartition("@")
    self.server: str = server
    name, _, password = login.partition(":")
    self.username = _decoded(name, "user name") or None
    self.password = _decoded(password, "password") or None
    self.path = path
    self.options = _Options(query)

  @property
  def database(self) -> Optional[str]:
    path = self.path[1:] if self.path.startswith("/") else self.path
    path = path[:-1] if path.endswith("/") else path
    return path or None

  def host_and_port(self, default: int) -> Tuple[str, int]:
    host, port = self.server, ""
    if self.server.startswith("["):
      host, bracket, tail = self.server[1:].partition("]")
      if not bracket or tail[:1] not in ("", ":") or not re.fullmatch(r"[0-9A-Za-z:.%_-]*:[0-9A-Za-z:.%_-]*", host):
        raise InvalidURL("the brackets in the Redis URL hold no IPv6 address: write redis://[::1]:6379/0")
      port = tail[1:]
    else:
      host, _, port = self.server.partition(":")
      if ":" in port:
        raise InvalidURL(
          "the host in the Redis URL holds several ':': an IPv6 address is written in brackets, redis://[::1]:6379/0")
      if not re.fullmatch(r"[A-Za-z0-9._-]*", host):
        raise InvalidURL(f"the host in the Redis URL holds a character that no host name has; {_ENCODE}")
    # The error does not quote the text: after an unencoded '/' in a password, part of it is in the port's place.
    if port and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65_536):
      raise InvalidURL(f"the port in the Redis URL is not a number from 1 to 65535; {_ENCODE}")
    return host or "localhost", int(port) if port else default


class _Options:
  """The options of a query, decoded."""

  def __init__(self, query: str) -> None:
    self.values: Dict[str, str] = {}
    self.tls: Dict[str, str] = {}
    for option in query.split("&"):
      name, _, value = option.partition("=")
      if name in ("db", "virtual_host"):
        self.values["database"] = value[1:] if value.startswith("/") else value
      elif name in ("username", "password", "master_name", "sentinel_username", "sentinel_password", "sentinel_ssl"):
        self.values[name] = _decoded(value, name)
        if name == "master_name" and not value:
          raise InvalidURL("master_name in the Redis URL is empty")
      elif re.fullmatch(r"ssl_[A-Za-z0-9_]+", name):
        self.tls[name] = _decoded(value, name)
      elif "@" in option:
        raise _stray_at()

  def security(self, is_wanted: bool) -> Optional[TLS]:
    if is_wanted:
      return TLS.of(self.tls)
    if self.tls:
      # Celery speaks TLS as soon as such an option is there. To ignore it would send the password in the clear.
      name = next(iter(self.tls))
      raise InvalidURL(f"{name} in the Redis URL is about TLS, which rediss:// speaks and this URL does not")
    return None


def _server(parts: _Parts, tls: bool) -> Address:
  values = parts.options.values
  return Address(
    hosts=(parts.host_and_port(6379),), username=parts.username or values.get("username") or None,
    password=parts.password or values.get("password") or None,
    database=_database(values.get("database", parts.database or "0")), tls=parts.options.security(tls))


def _socket(parts: _Parts) -> Address:
  values = parts.options.values
  if parts.server:
    raise InvalidURL("a socket's URL has no host: write redis+socket:///path/to/redis.sock, with three slashes")
  path = _decoded(parts.path, "socket path")
  if len(path) < 2:
    raise InvalidURL("the socket's path is missing: write redis+socket:///path/to/redis.sock")
  if len(path.encode()) > 107:
    raise InvalidURL("the socket's path is longer than the 107 bytes that the system allows")
  parts.options.security(False)
  return Address(
    path=path, username=parts.username or values.get("username") or None,
    password=parts.password or values.get("password") or None, database=_database(values.get("database", "0")))


def _nodes(text: str, scheme: str) -> Address:
  hosts, values, options = _several(text, scheme, "Redis URL", 6379)
  # A login behind the first ';' may be the end of a password, whose beginning would be taken for a host.
  if "@" in text and "@" not in text.partition(";")[0]:
    raise InvalidURL(
      "the user and password of a Redis URL with several nodes stand before the first (a ';' in a password is %3B)")
  return Address(
    hosts=hosts, username=values.get("username") or None, password=values.get("password") or None,
    database=_database(values.get("database", "0")), tls=options.security(_TCP[scheme]))


def _several(
  text: str, scheme: str, name: str, port: int,
) -> Tuple[Tuple[Tuple[str, int], ...], Dict[str, str], _Options]:
  """Servers that are separated by ';', with what the parts say together."""
  hosts: List[Tuple[str, int]] = []
  found: Dict[str, str] = {}
  options = _Options("")
  for part in text.split(";"):
    if part.lower().startswith(scheme + "://"):
      part = part[len(scheme) + 3:]
    elif "://" in part:
      raise InvalidURL(f"every part of a {name} has the same scheme, or none after the first")
    if not part:
      continue
    parts = _Parts(part)
    host = parts.host_and_port(port)
    if host not in hosts:
      hosts.append(host)
    options.values.update(parts.options.values)
    options.tls.update(parts.options.tls)
    for field, given in (("username", parts.username), ("password", parts.password), ("database", parts.database)):
      if given is not None and found.setdefault(field, given) != given:
        raise InvalidURL(
          f"the parts of the {name} differ in user, password or database: give each once (a ';' in a password is %3B)")
  # A login before the host counts more than one among the options.
  values = dict(options.values, **{field: given for field, given in found.items() if field != "database"})
  values.setdefault("database", found.get("database", "0"))
  return tuple(hosts) or (("localhost", port),), values, options


def _sentinels(text: str, scheme: str, master_name: Optional[str]) -> Address:
  hosts, values, options = _several(text, scheme, "Sentinel URL", 26379)
  master = values.get("master_name") or master_name
  if not master:
    raise InvalidURL(
      "a Sentinel URL needs the name of the primary: ?master_name=mymaster in the URL, master_name in "
      "broker_transport_options, or BEAT_WATCH_MASTER_NAME")
  return Address(
    hosts=hosts, username=values.get("username") or None,
    password=values.get("password") or None, database=_database(values.get("database", "0")),
    tls=options.security(_SENTINEL[scheme] or bool(options.tls)), master_name=master,
    sentinel_username=values.get("sentinel_username") or None,
    sentinel_password=values.get("sentinel_password") or None,
    sentinel_tls=flag("sentinel_ssl", values.get("sentinel_ssl", "true")))


def _stray_at() -> InvalidURL:
  return InvalidURL(f"an '@' stands behind the host of the Redis URL: {_ENCODE}")


def _decoded(text: str, what: str) -> str:
  if re.search(r"%(?![0-9A-Fa-f]{2})", text):
    raise InvalidURL(f"in the {what} of the Redis URL a '%' is not followed by two hex digits: write it as %25")
  data = unquote_to_bytes(text)
  try:
    decoded = data.decode()
  except UnicodeDecodeError:
    decoded = "\0"
  if "\0" in decoded:
    raise InvalidURL(f"the {what} of the Redis URL is not UTF-8 text when its %-codes are decoded") from None
  return decoded


def _database(text: str) -> int:
  if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**31:
    # Of a password with an unencoded '@' and '/', the end and the host are in the database's place.
    if "@" in text:
      raise _stray_at()
    raise InvalidURL(
      "the database in the Redis URL is not a whole number of 0 or more, such as the 1 of redis://localhost:6379/1")
  return int(text)
