"""The address of a Redis database, and a client for it. url.py says how it is written."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Dict, Final, List, Optional, Tuple
from urllib.parse import quote

from .errors import InvalidURL, ReactiveBeatError

if TYPE_CHECKING:
  import redis
  import redis.asyncio

  from .keys import Keys

_TLS_OPTIONS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
#: Seconds until a server must have accepted a connection, and answered a command.
_CONNECT_TIMEOUT: Final = 5.0
_ANSWER_TIMEOUT: Final = 10.0
#: How often a cluster may send a command on to another node.
MOST_HOPS: Final = 5
#: Connections of one client, at most. Newer releases of redis-py have a limit of 100, and fail beyond it.
_MOST_CONNECTIONS: Final = 10_000


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
        verifies_host = flag(name, value)
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

  #: The server; with `master_name` the sentinels; several without: nodes of a cluster; empty for a socket.
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
    from .url import parse
    return parse(url, master_name)

  @property
  def url(self) -> str:
    """The URL with the password, as the daemon and Celery read it."""
    return self._text(self._login(quote(self.password, safe="") if self.password is not None else None), hides=False)

  def __str__(self) -> str:
    # A user without a password is hidden too: users who forget the colon write their password there.
    login = "" if self.username is self.password is None else "***@" if self.password is None else self._login("***")
    return self._text(login, hides=True)

  def client(self, repeats: bool = True) -> redis.Redis:
    """A client that gives bytes. It connects with its first command.

    `repeats`: whether redis-py may send a command again whose answer was lost, as its version does. Without it such an
    error is the caller's, who knows whether the command may be carried out twice.
    """
    check_library()
    import redis
    import redis.backoff
    import redis.retry
    import redis.sentinel
    extra: Dict[str, Any] = {} if repeats else {"retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0)}
    if self.master_name is None:
      return redis.Redis(**self._server_options, **extra)
    # redis-py has no types for its sentinels.
    make: Any = redis.sentinel.Sentinel
    sentinel = make(list(self.hosts), sentinel_kwargs=self._sentinel_options, **self._options, **extra)
    master: redis.Redis = sentinel.master_for(self.master_name)
    return master

  def async_client(self, repeats: bool = True) -> redis.asyncio.Redis:
    """The same for asyncio."""
    check_library()
    import redis.asyncio
    import redis.asyncio.retry
    import redis.asyncio.sentinel
    import redis.backoff
    extra: Dict[str, Any] = {} if repeats else {"retry": redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0)}
    if self.master_name is None:
      return redis.asyncio.Redis(**self._server_options, **extra)
    make: Any = redis.asyncio.sentinel.Sentinel
    sentinel = make(list(self.hosts), sentinel_kwargs=self._sentinel_options, **self._options, **extra)
    master: redis.asyncio.Redis = sentinel.master_for(self.master_name)
    return master

  def at(self, host: str, port: int) -> Address:
    """The address of another node of the same cluster. A node that is not told has the same host."""
    here = self.hosts[0][0] if self.hosts else "localhost"
    return dataclasses.replace(self, hosts=((host or here, port),), path=None)

  @property
  def next(self) -> Address:
    """The same, beginning with the next of several nodes."""
    return dataclasses.replace(self, hosts=self.hosts[1:] + self.hosts[:1])

  def located(self, keys: Keys) -> Address:
    """The address of the cluster's node that has these keys; this one, where the server is not in a cluster.

    It connects. Raises redis.RedisError.
    """
    import redis
    if self.master_name is not None or keys.unused is None:
      return self
    address = self
    for hop in range(MOST_HOPS + len(self.hosts)):
      client: Any = address.client(repeats=False)
      try:
        client.get(keys.unused)
        break
      except redis.exceptions.MovedError as moved:
        address = address.at(moved.host, moved.port)
      except (redis.ConnectionError, redis.TimeoutError):
        if hop + 1 >= len(self.hosts):
          raise
        address = address.next
      finally:
        client.close()
    return address

  @property
  def _options(self) -> Dict[str, Any]:
    options: Dict[str, Any] = {
      "db": self.database, "username": self.username, "password": self.password, "decode_responses": False,
      "socket_timeout": _ANSWER_TIMEOUT, "socket_connect_timeout": _CONNECT_TIMEOUT,
      "max_connections": _MOST_CONNECTIONS}
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
      scheme = "redis" if self.tls is None else "rediss"
      first = _url(scheme, f"{login}{hosts[0]}/{self.database}", query)
      return first + "".join(f";{scheme}://{host}" for host in hosts[1:])
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


def check_library() -> None:
  """Raises ReactiveBeatError where redis-py is too old, as beside another package that demands it."""
  import redis
  found = re.findall(r"\d+", redis.__version__)[:2]
  if tuple(map(int, found)) < (4, 5):
    raise ReactiveBeatError(f"the redis-py that is installed, {redis.__version__}, is too old: pip install 'redis>=4.5'")


def _url(scheme: str, place: str, query: List[Tuple[str, str]]) -> str:
  options = "&".join(f"{name}={quote(value, safe='/*')}" for name, value in query)
  return f"{scheme}://{place}" + (f"?{options}" if options else "")


def flag(name: str, value: str) -> bool:
  """An option that is true or false. Raises InvalidURL."""
  if value.lower() in ("true", "1", "yes"):
    return True
  if value.lower() in ("false", "0", "no"):
    return False
  raise InvalidURL(f"{name} in the Redis URL is neither true nor false")
