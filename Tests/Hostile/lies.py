"""Replies and events that a server should never send."""

import dataclasses
import itertools

MEGABYTE = 1 << 20
_STRING = b"$%d\r\n" % MEGABYTE + b"x" * MEGABYTE + b"\r\n"
_PMESSAGE = b"*4\r\n$8\r\npmessage\r\n"


@dataclasses.dataclass
class Lie:
  """A lie. `where` says when it is told: "greeting": before the daemon has sent anything; "events": on the connection
  that gets events, after it has subscribed; "commands": behind replies on the other connection; "instead": instead of
  each reply there; "drip": only the truth, one byte at a time; "words": the truth with some words replaced by others of
  the same length, on new connections."""
  name: str
  where: str
  data: object = b""  # bytes, or a function that makes an iterator of them
  behind: int = 12  # on "commands": the number of replies before the lie

  def chunks(self):
    return iter([self.data]) if isinstance(self.data, bytes) else self.data()


def _endless(head, body, count=4096):
  return lambda: itertools.chain([head], itertools.repeat(body, count))


def _events(*values):
  return b"*%d\r\n" % len(values) + b"".join(values)


def _bulk(text):
  return b"$%d\r\n%s\r\n" % (len(text), text)


ALL = [
  # replies to no request
  Lie("five times OK as a greeting", "greeting", b"+OK\r\n" * 5),
  Lie("an error as a greeting", "greeting", b"-ERR max number of clients reached\r\n" * 3),
  Lie("a push as a greeting", "greeting", _events(_bulk(b"message"), _bulk(b"x"), _bulk(b"y"))),
  Lie("a confirmation as a greeting", "greeting", _events(_bulk(b"psubscribe"), _bulk(b"x"), b":1\r\n") * 5),
  Lie("another protocol", "greeting", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
  Lie("noise", "greeting", bytes(range(256)) * 64),
  Lie("OK behind each answer", "commands", b"+OK\r\n"),
  Lie("nil behind an answer", "commands", b"$-1\r\n*-1\r\n"),
  Lie("1,000 numbers behind an answer", "commands", b":1\r\n" * 1000),
  Lie("a push among answers", "commands", _events(_bulk(b"pmessage"), _bulk(b"a"), _bulk(b"b"), _bulk(b"c"))),
  Lie("an unsubscription among answers", "commands", _events(_bulk(b"punsubscribe"), b"$-1\r\n", b":0\r\n")),
  # events
  Lie("four numbers as an event", "events", b"*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"),
  Lie("an event of nils", "events", _PMESSAGE + b"$-1\r\n" * 3),
  Lie("an event of arrays", "events", _PMESSAGE + b"*1\r\n*1\r\n:1\r\n" * 3),
  Lie("an event of two parts", "events", b"*2\r\n$8\r\npmessage\r\n$1\r\na\r\n"),
  Lie("an event of no pattern of ours", "events", _events(_bulk(b"pmessage"), _bulk(b"*"), _bulk(b"x"), _bulk(b"set")) * 100),
  Lie("a message of a channel", "events", _events(_bulk(b"message"), _bulk(b"x"), _bulk(b"y")) * 10),
  Lie("a confirmation of what was not asked", "events", _events(_bulk(b"psubscribe"), _bulk(b"x"), b":9\r\n") * 10),
  Lie("confirmations of no pattern", "events", _events(_bulk(b"psubscribe"), b"$-1\r\n", _bulk(b"x")) * 10),
  Lie("an unsubscription of all", "events", _events(_bulk(b"punsubscribe"), b"$-1\r\n", b":0\r\n")),
  Lie("an unsubscription of a channel", "events", _events(_bulk(b"unsubscribe"), _bulk(b"x"), b":0\r\n") * 3),
  Lie("an empty array as an event", "events", b"*0\r\n*-1\r\n$-1\r\n"),
  Lie("PONG and an error as events", "events", b"+PONG\r\n-ERR no\r\n"),
  Lie("a push of the newer protocol", "events", b">4\r\n$8\r\npmessage\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"),
  Lie("events of 100,000 names", "events", lambda: (
    _events(_bulk(b"pmessage"), _bulk(b"__keyspace@1__:tasks:meta:*"), _bulk(b"__keyspace@1__:tasks:meta:lie-%d" % n), _bulk(b"set"))
    for n in range(100_000))),
  Lie("an event of 3 GB", "events", _endless(_PMESSAGE + b"$3221225472\r\n", b"x" * MEGABYTE, 3072)),
  # replies beyond a limit
  Lie("a million strings of 1 MB", "instead", _endless(b"*1048576\r\n", _STRING)),
  Lie("the same, nested", "instead", _endless(b"*1\r\n*1048576\r\n*1048576\r\n", _STRING)),
  Lie("the same as a greeting", "greeting", _endless(b"*1048576\r\n", _STRING)),
  Lie("the same as an event", "events", _endless(b"*1048576\r\n", _STRING)),
  Lie("a million small arrays, nested", "instead", _endless(b"*1048576\r\n", b"*1\r\n*1\r\n*0\r\n" * 10_000, 2000)),
  Lie("a map of a million strings", "instead", _endless(b"%1048576\r\n", _STRING)),
  Lie("arrays 100,000 deep", "instead", b"*1\r\n" * 100_000),
  Lie("a million arrays of a million", "instead", b"*1048576\r\n" * 8),
  Lie("a string of 8 EB", "instead", b"$9223372036854775807\r\n"),
  Lie("a line without an end", "instead", _endless(b"+", b"x" * MEGABYTE, 2000)),
  Lie("an error without an end", "instead", _endless(b"-ERR ", "\u0085".encode() * (MEGABYTE // 2), 2000)),
  # replies that are no values
  Lie("a length that is no number", "instead", b"$abc\r\n"), Lie("a negative length", "instead", b"$-7\r\n*-9\r\n"),
  Lie("a number beyond 64 bits", "instead", b":99999999999999999999999\r\n"),
  Lie("an array beyond 64 bits", "instead", b"*99999999999999999999999\r\n"),
  Lie("a kind that does not exist", "instead", b"?what\r\n"), Lie("nothing but line ends", "instead", b"\r\n\r\n\r\n"),
  Lie("a big number, a double, a boolean", "instead", b"(1234567890\r\n,nan\r\n#t\r\n_\r\n"),
  # replies of another kind than the request's
  Lie("OK to everything", "instead", b"+OK\r\n"), Lie("nil to everything", "instead", b"$-1\r\n"),
  Lie("a number to everything", "instead", b":9223372036854775807\r\n"),
  Lie("an empty array to everything", "instead", b"*0\r\n"), Lie("nested nils to everything", "instead", b"*3\r\n*1\r\n*-1\r\n$-1\r\n:0\r\n"),
  Lie("an error of 1 MB to everything", "instead", b"-ERR " + "\u0085\u202e".encode() * 200_000 + b"\r\n"),
  Lie("MOVED to everything", "instead", b"-MOVED 1 127.0.0.1:1\r\n"),
  Lie("NOSCRIPT to everything", "instead", b"-NOSCRIPT No matching script\r\n"),
  Lie("numbers out of range", "instead", b"*8\r\n$1\r\nx\r\n$1\r\ny\r\n$1\r\nz\r\n:-9223372036854775808\r\n:9223372036854775807\r\n"
      b":-1\r\n:7\r\n$3\r\nabc\r\n"),
  Lie("one byte at a time", "drip"),
  # pushes of RESP3, which no client has chosen
  Lie("a push of one subscription", "events", b">1\r\n$9\r\nsubscribe\r\n"),
  Lie("a push of one subscription among answers", "commands", b">1\r\n$9\r\nsubscribe\r\n"),
  Lie("empty pushes", "commands", b">0\r\n" * 100), Lie("an attribute, a set, a map", "commands", b"|1\r\n+a\r\n+b\r\n~1\r\n+a\r\n%1\r\n+a\r\n+b\r\n"),
  Lie("pushes without end", "events", _endless(b"", b">3\r\n+message\r\n+a\r\n+b\r\n" * 1000, 2000)),
  # replies of INFO and others with changed words
  Lie("a version that is too old", "words", (b"redis_version:7", b"redis_version:5")),
  Lie("a cluster, all of a sudden", "words", (b"cluster_enabled:0", b"cluster_enabled:1")),
  Lie("a replica, all of a sudden", "words", (b"role:master", b"role:slave ")),
  Lie("loading, for ever", "words", (b"loading:0", b"loading:1")),
  Lie("another server each time", "words", (b"run_id:", b"run_ix:")),
  Lie("no such command", "words", (b"+OK\r\n", b"-ER\r\n")),
]
BY_NAME = {lie.name: lie for lie in ALL}
