"""What an error of redis-py means and what to do about it, in beat-watch's words."""

from __future__ import annotations

import re
from typing import Final, Tuple

from redis import exceptions

from .connection import Address

_PASSWORD: Final = "it asks for a password: put it into the URL, redis://:password@host/0"
#: What stands in an error's text, and what that means, the first one that is found.
_MEANINGS: Final[Tuple[Tuple[str, str], ...]] = (
  ("HELLO must be called", _PASSWORD), ("NOAUTH", _PASSWORD), ("Authentication required", _PASSWORD),
  ("without any password configured",
   "it has no password for the default user: take the password out of the URL, or give the user's name"),
  ("invalid username-password pair", "put the right ones into the URL, or mend the user (ACL SETUSER)"),
  ("WRONGPASS", "put the right ones into the URL, or mend the user (ACL SETUSER)"),
  ("invalid password", "put the right one into the URL"),
  ("no permission", "allow it with ACL SETUSER, or name another user in the URL"),
  ("protected mode", "set a password there, or `protected-mode no`"),
  ("read only replica", "it is a replica, which takes no writes: name the primary, or the sentinels"),
  ("SELECT is not allowed in cluster mode", "a cluster has only database 0: end the URL with /0"),
  ("hash to the same slot",
   "the server is a node of a cluster: give the schedules a key prefix with a hash tag, such as {beat}:tasks:"),
  ("DB index is out of range",
   "the number at the end of the URL is the database, and the server has fewer (`databases` in its configuration)"),
  ("Error 111 ", "is redis-server running there?"),
  ("Error 2 ", "is redis-server running, with this `unixsocket`?"),
  ("WRONG_VERSION_NUMBER", "what answers there does not speak TLS: is it the plain port (redis://)?"),
  ("CERTIFICATE_VERIFY_FAILED", "ssl_ca_certs=/path/ca.pem in the URL names the authority that has signed it"))


def explain(error: exceptions.RedisError, address: Address) -> None:
  """Adds to the error's text what it means. Its kind stays. A second time changes nothing."""
  if getattr(error, "_is_explained", False):
    return
  text = " ".join(str(error).split()).rstrip(".")
  meaning = next((meaning for words, meaning in _MEANINGS if words in text), None)
  if type(error).__name__ == "MasterNotFoundError":  # asyncio has one of its own.
    # Its text has the representation of each client, some thousand characters.
    text, meaning = _sentinels(text, address)
  elif "HELLO must be called" in text:  # About redis-py's first command, which nobody has written.
    text = "Authentication required"
  elif isinstance(error, (exceptions.AskError, exceptions.TryAgainError)):
    text = f"the cluster moves the schedules to another node, or has moved them ({text})"
    meaning = "try again in a moment"
  elif meaning is None and isinstance(error, exceptions.TimeoutError) and address.tls is not None:
    meaning = "if nothing else keeps it from answering: is it the plain port (redis://)?"
  if meaning is not None:
    error.args = (f"{text}; {meaning}",)
    error._is_explained = True  # type: ignore[attr-defined]


def _sentinels(text: str, address: Address) -> Tuple[str, str]:
  causes = ", ".join(dict.fromkeys(re.findall(r"> - (?:\w+:)?(\w+Error)", text)))
  places = ", ".join(f"{host}:{port}" for host, port in address.hosts)
  return (f'no sentinel of {places} names the primary "{address.master_name}"' + (f" ({causes})" if causes else ""),
          "are the sentinels reachable, with this password, and is the name right (SENTINEL MASTERS)?")
