"""The URLs of RabbitMQ's servers, as kombu and the daemon read them: `amqp://[[user]:password@]host[:port][/vhost]`,
`pyamqp://`, `amqps://`. Here they are only taken apart: the daemon checks them.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Dict, Final, Tuple
from urllib.parse import parse_qsl, quote, unquote

from .errors import InvalidURL

_SCHEMES: Final = ("amqp", "pyamqp", "amqps")
#: What is written before an '@', and in a virtual host.
_ENCODE: Final = "in a user name, password or virtual host write / ? # % @ ; as %2F %3F %23 %25 %40 %3B"


def is_amqp(url: str) -> bool:
  """Whether the scheme is one of RabbitMQ's."""
  scheme, separator, _ = url.strip().partition("://")
  return bool(separator) and scheme.lower() in _SCHEMES


@dataclasses.dataclass(frozen=True)
class Part:
  """One of several URLs. `place` shows it without who logs in, and without its options."""

  #: Empty for a host alone, which may follow a whole URL, and has the rest of that.
  scheme: str
  login: str = dataclasses.field(repr=False)
  #: As it is written: `host:port`, with brackets around an IPv6 address.
  server: str
  #: With the slash before it, encoded.
  path: str
  query: str = dataclasses.field(repr=False)

  @classmethod
  def parse(cls, url: str) -> Part:
    """Takes a URL apart. Raises InvalidURL, which quotes nothing that may be part of a password."""
    text = url.strip()
    if re.search(r"[\x00-\x1f\x7f]", text):
      raise InvalidURL("the AMQP URL holds a control character or a line break")
    if "#" in text:
      raise InvalidURL("an AMQP URL has no part after '#': in a user name or password write # as %23")
    scheme, separator, rest = text.partition("://")
    if not separator:
      scheme, rest = "", text
    elif scheme.lower() not in _SCHEMES:
      raise InvalidURL("every part of the AMQP URL begins with amqp://, pyamqp:// or amqps://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    path, _, query = rest[len(authority):].partition("?")
    # Such an '@' is that of a password with an unencoded '/', '?' or ';', whose beginning would be taken for a host.
    if "@" in path or "@" in query or (not scheme and "@" in authority):
      raise InvalidURL(f"an '@' stands behind the host of the AMQP URL: {_ENCODE}")
    login, _, server = authority.rpartition("@")
    if not re.fullmatch(r"(\[[0-9A-Za-z:.%_-]*\]|[A-Za-z0-9._-]*)(:[0-9]{0,5})?", server):
      # It is not quoted: after an unencoded '/' in a password, part of it is in the port's place.
      raise InvalidURL(f"the AMQP URL does not have a host and a port where they belong; {_ENCODE}")
    return cls(scheme.lower(), login, server, path, query)

  @property
  def host(self) -> str:
    host = self.server[1:].partition("]")[0] if self.server.startswith("[") else self.server.partition(":")[0]
    return host or "localhost"

  @property
  def place(self) -> str:
    """`amqp://host:port/vhost`, whether it is reached by TLS or not."""
    port = re.sub(r".*\]|^[^:]*", "", self.server)[1:]
    host = f"[{self.host}]" if ":" in self.host else self.host
    vhost = unquote(self.path[1:]) or "/"
    return f"amqp://{host}{':' + port if port else ''}/{quote(vhost, safe='')}"

  @property
  def options(self) -> Dict[str, str]:
    """Those of the query that say something."""
    return dict(parse_qsl(self.query))

  def secured(self) -> Part:
    """The same by TLS."""
    return dataclasses.replace(self, scheme="amqps" if self.scheme else "")

  def having(self, options: Dict[str, str]) -> Part:
    """The same with these options, where it does not say them itself."""
    given = self.options
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items() if name not in given)
    return dataclasses.replace(self, query="&".join(text for text in (self.query, added) if text))

  @property
  def url(self) -> str:
    """The URL with the password, in the daemon's spelling."""
    start = f"{self.scheme}://" if self.scheme else ""
    login = f"{self.login}@" if self.login else ""
    return f"{start}{login}{self.server}{self.path}" + (f"?{self.query}" if self.query else "")


def virtual_host(places: str) -> str:
  """The virtual host of the first of places with semicolons between them, encoded as there."""
  return places.partition(";")[0].partition("://")[2].partition("/")[2]


def parts(urls: Tuple[str, ...]) -> Tuple[Part, ...]:
  """Each of the URLs, of which the first is a whole one. Raises InvalidURL."""
  return tuple(Part.parse(url) for url in urls if url.strip())
