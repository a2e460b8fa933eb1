"""The address of a Redis database, as Celery, redis-py and beat-watch write it, and a client for it.

- `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS
- `redis+socket:///path[?virtual_host=database]`, also `unix:///path[?db=database]`
- `sentinel://[[user]:password@]host[:port][/database];sentinel://host2…`, the primary that these sentinels name;
  `rediss+sentinel://` for TLS

User, password and path may be percent-encoded, and must be where they hold `/ ? # % @`. The query may have `db` or
`virtual_host`, `username`, `password`; `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_cert_reqs`,
`ssl_check_hostname` as in redis-py or with Celery's values (`CERT_REQUIRED`); for sentinels `master_name`,
`sentinel_username`, `sentinel_password`, `sentinel_ssl`. Other options have no effect. The rules are those of the
daemon, so that both find the same database.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Dict, Final, List, Optional, Tuple
from urllib.parse import quote, unquote_to_bytes

from .errors import InvalidURL

if TYPE_CHECKING:
  import redis
  import redis.asyncio

_TCP: Final = {"redis": False, "rediss": True, "redis+tls": True, "redis+ssl": True}
_SOCKET: Final = ("redis+socket", "unix", "redis+unix")
_SENTINEL: Final = {"sentinel": False, "redis+sentinel": False, "rediss+sentinel": True, "sentinel+rediss": True}
_TLS_OPTIONS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
#: What is written before an '@', and in a query.
_ENCODE: Final = "in a user name or password write / ? # % @ as %2F %3F %23 %25 %40"
#: Seconds until a server must have accepted a connection, and answered a command.
_CONNECT_TIMEOUT: Final = 5.0
_ANSWER_TIMEOUT: Final = 10.0


def is_redis(url: str) -> bool:
  """Whether the scheme is one of Redis'."""
  scheme = url.strip().partition("://")[0].lower()
  return scheme in _TCP or scheme in _SOCKET or scheme in _SENTINEL


@dataclasses.dataclass(frozen=True)
class TLS:
  """How a connection is secured. The paths are of PEM files; without `ca_certs` the system's authorities count."""

  ca_certs: Optional[str] = None
  certfile: Optional[str] = None
  keyfile: Optional[str] = None
  #: Whether the server's certificate must be signed by an authority that is trusted.
  verifies_certificate: bool = True
  #: Whether the certificate must be for the host that is connected to.
  verifies_host: bool = True

  @classmethod
  def of(cls, options: Dict[str, str]) -> TLS:
    """Reads `ssl_` options by their names. Raises InvalidURL for one that is not known, or not understood."""
    files: Dict[str, str] = {}
    verifies_certificate = verifies_host = True
    for name, value in options.items():
      if name in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"):
        if not value:
          raise InvalidURL(f"{name} in the Redis URL is empty: {name}=/path/to/file.pem")
        files[name] = value
      elif name == "ssl_cert_reqs":
        word = value.lower()
        word = word[len("cert_"):] if word.startswith("cert_") else word
        # A server always shows a certificate, so Python's `optional` checks as much as `required`.
        if word not in ("required", "optional", "none"):
          raise InvalidURL("ssl_cert_reqs in the Redis URL is not one of required, optional and none")
        verifies_certificate = word != "none"
      elif name == "ssl_check_hostname":
        verifies_host = _flag(name, value)
      else:
        # An unknown option may forbid something, and ignoring it would allow that.
        raise InvalidURL(f"{name} in the Redis URL is not supported; those of TLS are {', '.join(_TLS_OPTIONS)}")
    if "ssl_keyfile" in files and "ssl_certfile" not in files:
      raise InvalidURL("ssl_keyfile in the Redis URL needs the certificate that belongs to it: ssl_certfile=/path")
    return cls(files.get("ssl_ca_certs"), files.get("ssl_certfile"), files.get("ssl_keyfile"), verifies_certificate,
               verifies_host)

  @property
  def query(self) -> List[Tuple[str, str]]:
    """The options of a URL that say the same."""
    files = [("ssl_ca_certs", self.ca_certs), ("ssl_certfile", self.certfile), ("ssl_keyfile", self.keyfile)]
    query = [(name, path) for name, path in files if path]
    if not self.verifies_certificate:
      query.append(("ssl_cert_reqs", "none"))
    if not self.verifies_host:
      query.append(("ssl_check_hostname", "false"))
    return query

  @property
  def _client_options(self) -> Dict[str, Any]:
    return {
      "ssl_ca_certs": self.ca_certs, "ssl_certfile": self.certfile, "ssl_keyfile": self.keyfile,
      "ssl_cert_reqs": "required" if self.verifies_certificate else "none",
      # Python's ssl refuses to check the name in a certificate that is not checked itself.
      "ssl_check_hostname": self.verifies_host and self.verifies_certificate}


@dataclasses.dataclass(frozen=True)
class Address:
  """Where a Redis database is, and who logs in. `str()` shows it without the password."""

  #: The server; with `master_name` the sentinels; empty for a socket.
  hosts: Tuple[Tuple[str, int], ...] = ()
  #: The path of a unix socket.
  path: Optional[str] = None
  database: int = 0
  username: Optional[str] = None
  password: Optional[str] = dataclasses.field(default=None, repr=False)
  #: None: without TLS.
  tls: Optional[TLS] = None
  #: The name of the primary that the sentinels are asked for.
  master_name: Optional[str] = None
  sentinel_username: Optional[str] = None
  sentinel_password: Optional[str] = dataclasses.field(default=None, repr=False)
  #: Whether TLS is spoken with the sentinels too.
  sentinel_tls: bool = True

  @classmethod
  def parse(cls, url: str, master_name: Optional[str] = None) -> Address:
    """Reads a URL.

    `master_name` counts where the URL of sentinels names no primary. Raises InvalidURL, which says what is wrong and
    quotes nothing that may be part of a password.
    """
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
      raise InvalidURL(
        "several servers (separated by ';') are for Sentinel only, sentinel://…: give the URL of one (a ';' in a "
        "password is %3B)")
    if scheme in _TCP:
      return _server(_Parts(rest), _TCP[scheme])
    if scheme in _SOCKET:
      return _socket(_Parts(rest))
    raise InvalidURL(
      "the URL's scheme is not one of Redis: it begins with redis://, rediss://, sentinel:// or redis+socket://")

  @property
  def url(self) -> str:
    """The URL with the password, as the daemon and Celery read it."""
    return self._text(self._login(quote(self.password, safe="") if self.password is not None else None), hides=False)

  def __str__(self) -> str:
    # A user without a password is hidden too: users who forget the colon write their password there.
    login = "" if self.username is self.password is None else "***@" if self.password is None else self._login("***")
    return self._text(login, hides=True)

  def client(self) -> redis.Redis:
    """A client that gives bytes. It connects with its first command."""
    import redis
    import redis.sentinel
    if self.master_name is None:
      return redis.Redis(**self._server_options)
    # redis-py has no types for its sentinels.
    make: Any = redis.sentinel.Sentinel
    sentinel = make(list(self.hosts), sentinel_kwargs=self._sentinel_options, **self._options)
    master: redis.Redis = sentinel.master_for(self.master_name)
    return master

  def async_client(self) -> redis.asyncio.Redis:
    """The same for asyncio."""
    import redis.asyncio
    import redis.asyncio.sentinel
    if self.master_name is None:
      return redis.asyncio.Redis(**self._server_options)
    make: Any = redis.asyncio.sentinel.Sentinel
    sentinel = make(list(self.hosts), sentinel_kwargs=self._sentinel_options, **self._options)
    master: redis.asyncio.Redis = sentinel.master_for(self.master_name)
    return master

  @property
  def _options(self) -> Dict[str, Any]:
    options: Dict[str, Any] = {
      "db": self.database, "username": self.username, "password": self.password, "decode_responses": False,
      "socket_timeout": _ANSWER_TIMEOUT, "socket_connect_timeout": _CONNECT_TIMEOUT}
    if self.tls is not None:
      options.update(ssl=True, **self.tls._client_options)
    return options

  @property
  def _server_options(self) -> Dict[str, Any]:
    if self.path is not None:
      return dict(self._options, unix_socket_path=self.path)
    host, port = self.hosts[0]
    return dict(self._options, host=host, port=port)

  @property
  def _sentinel_options(self) -> Dict[str, Any]:
    options: Dict[str, Any] = {
      "username": self.sentinel_username, "password": self.sentinel_password,
      "socket_timeout": _CONNECT_TIMEOUT, "socket_connect_timeout": _CONNECT_TIMEOUT}
    if self.tls is not None and self.sentinel_tls:
      options.update(ssl=True, **self.tls._client_options)
    return options

  def _login(self, password: Optional[str]) -> str:
    name = quote(self.username or "", safe="")
    return f"{name}:{password}@" if password is not None else f"{name}@" if name else ""

  def _text(self, login: str, hides: bool) -> str:
    query: List[Tuple[str, str]] = list(self.tls.query) if self.tls is not None else []
    if self.path is not None:
      return _url("redis+socket", login + quote(self.path), [("virtual_host", str(self.database)), *query])
    hosts = [(f"[{host}]" if ":" in host else host) + f":{port}" for host, port in self.hosts]
    if self.master_name is None:
      return _url("redis" if self.tls is None else "rediss", f"{login}{hosts[0]}/{self.database}", query)
    query.append(("master_name", self.master_name))
    if self.sentinel_username is not None:
      query.append(("sentinel_username", self.sentinel_username))
    if self.sentinel_password is not None:
      query.append(("sentinel_password", "***" if hides else self.sentinel_password))
    if self.tls is not None and not self.sentinel_tls:
      query.append(("sentinel_ssl", "false"))
    # The first part has the database and all options.
    scheme = "sentinel" if self.tls is None else "rediss+sentinel"
    others = "".join(f";{scheme}://{host}" for host in hosts[1:])
    return _url(scheme, f"{login}{hosts[0]}/{self.database}", query) + others


def _url(scheme: str, place: str, query: List[Tuple[str, str]]) -> str:
  options = "&".join(f"{name}={quote(value, safe='/*')}" for name, value in query)
  return f"{scheme}://{place}" + (f"?{options}" if options else "")


class _Parts:
  """`[user[:password]@][server][path][?query]`, cut into its parts."""

  def __init__(self, rest: str) -> None:
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    path, _, query = rest[len(authority):].partition("?")
    # An '@' behind the host is that of a password with an unencoded '/' or '?'. Its beginning would be taken for a host.
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


def _sentinels(text: str, scheme: str, master_name: Optional[str]) -> Address:
  hosts: List[Tuple[str, int]] = []
  found: Dict[str, str] = {}
  options = _Options("")
  for part in text.split(";"):
    if part.lower().startswith(scheme + "://"):
      part = part[len(scheme) + 3:]
    elif "://" in part:
      raise InvalidURL("every part of a Sentinel URL has the same scheme, or none after the first")
    if not part:
      continue
    parts = _Parts(part)
    host = parts.host_and_port(26379)
    if host not in hosts:
      hosts.append(host)
    options.values.update(parts.options.values)
    options.tls.update(parts.options.tls)
    for name, given in (("username", parts.username), ("password", parts.password), ("database", parts.database)):
      if given is not None and found.setdefault(name, given) != given:
        raise InvalidURL(
          "the parts of the Sentinel URL differ in user, password or database: give each once (a ';' in a password is "
          "%3B)")
  values = dict(found, **options.values)
  master = values.get("master_name") or master_name
  if not master:
    raise InvalidURL(
      "a Sentinel URL needs the name of the primary: ?master_name=mymaster in the URL, master_name in "
      "broker_transport_options, or BEAT_WATCH_MASTER_NAME")
  return Address(
    hosts=tuple(hosts) or (("localhost", 26379),), username=found.get("username") or values.get("username") or None,
    password=found.get("password") or values.get("password") or None, database=_database(values.get("database", "0")),
    tls=options.security(_SENTINEL[scheme] or bool(options.tls)), master_name=master,
    sentinel_username=values.get("sentinel_username") or None,
    sentinel_password=values.get("sentinel_password") or None,
    sentinel_tls=_flag("sentinel_ssl", values.get("sentinel_ssl", "true")))


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
    raise InvalidURL("the database in the Redis URL is not a whole number of 0 or more: redis://localhost:6379/1")
  return int(text)


def _flag(name: str, value: str) -> bool:
  if value.lower() in ("true", "1", "yes"):
    return True
  if value.lower() in ("false", "0", "no"):
    return False
  raise InvalidURL(f"{name} in the Redis URL is neither true nor false")
