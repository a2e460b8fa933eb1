"""Documents at random: each form of arguments and of options that can be honoured on RabbitMQ."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List

#: The queues of the documents. AMQP's names have up to 255 bytes, of any text.
QUEUES = ["celery", "reports", "a b", "ünïcode ☃", "slash/and%2F", "q" * 255, "☃" * 85]
#: Exchanges by type: the names, and the routing keys of direct ones.
EXCHANGES = {"direct": ["x.direct", "größe"], "topic": ["x.topic"], "fanout": ["x.fanout"], "headers": ["x.headers"]}
KEYS = ["daily", "ä b", "k" * 255]

_CHARACTERS = "abcz AZ09_-./'\"\\\n\t\r\0\x07äßé☃→漢字😀\u2028\x7f"
_EDGES = [0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536]
_EDGES += [sign * (2**bits + more) for bits in (31, 32, 53, 63) for more in (-1, 0, 1) for sign in (1, -1)]
_FLOATS = [0.0, -0.0, 1.0, 0.1, 2.5, 1e16, 1e22, 1e-5, 1e-4, 5e-324, 1.7976931348623157e308, 123456789.123456789, 1e100]
_STRANGE = [float("nan"), float("inf"), float("-inf")]
_TYPED: List[Any] = [
  {"__type__": "datetime", "__value__": "2026-02-03T04:05:06.000007"},
  {"__type__": "datetime", "__value__": "2026-02-03T04:05:06+00:00"},
  {"__type__": "date", "__value__": "2026-02-03"}, {"__type__": "time", "__value__": "04:05:06"},
  {"__type__": "decimal", "__value__": "1.50"}, {"__type__": "bytes", "__value__": "text"},
  {"__type__": "uuid", "__value__": {"hex": "0123456789abcdef0123456789abcdef"}},
  {"__type__": "base64", "__value__": "/w=="}]


class Chance(random.Random):
  """Random values of JSON."""

  def likely(self, share: float) -> bool:
    return self.random() < share

  def text(self, most: int = 40) -> str:
    return "".join(self.choice(_CHARACTERS) for _ in range(self.choice([0, 1, 3, 8, most])))

  def integer(self, most_bits: int) -> int:
    if self.likely(0.3):
      edges = [edge for edge in _EDGES if -2**most_bits <= edge < 2**most_bits]
      return self.choice(edges)
    return self.choice([1, -1]) * self.randrange(2**self.randrange(1, most_bits + 1))

  def floating(self) -> float:
    kind = self.randrange(4)
    if kind == 0:
      return self.choice(_FLOATS)
    if kind == 1:
      return round(self.uniform(-1000, 1000), self.randrange(6))
    return self.uniform(-1, 1) * 10.0**self.randrange(-310, 308) if kind == 2 else self.random()

  def value(self, depth: int, bits: int, texts: Callable[[], str], floats: Callable[[], float]) -> Any:
    kind = self.randrange(8 if depth > 0 else 6)
    if kind == 0:
      return self.choice([None, True, False])
    if kind < 3:
      return self.integer(bits)
    if kind == 3:
      return floats()
    if kind < 6:
      return texts()
    many = self.choice([0, 1, 2, 5])
    if kind == 6:
      return [self.value(depth - 1, bits, texts, floats) for _ in range(many)]
    return {self.text(12): self.value(depth - 1, bits, texts, floats) for _ in range(many)}

  def argument(self) -> Any:
    """Arguments have no bound on whole numbers, any nesting, and numbers that are none, as Python's JSON has them."""
    return self.value(
      self.choice([0, 1, 2, 3, 6]), 200 if self.likely(0.1) else 64, lambda: self.text(self.choice([40, 400, 1100])),
      lambda: self.choice(_STRANGE) if self.likely(0.1) else self.floating())

  def header(self) -> Any:
    """AMQP's tables have whole numbers of 64 bits. A document may have only finite numbers there."""
    return self.value(3, 63, self.text, self.floating)

  def expiry(self, now: datetime) -> Any:
    """Seconds, or a date in a form that Celery's users write."""
    kind = self.randrange(5)
    if kind == 0:
      return self.choice([60, 3600, 86_400, self.randrange(60, 10**8)])
    if kind == 1:
      return round(self.uniform(60, 10**self.randrange(2, 8)), self.randrange(1, 7))
    date = now + timedelta(seconds=self.randrange(600, 10**7), microseconds=self.choice([0, 1000, 999_999, 7]))
    if kind == 2:
      return date.isoformat().replace("+00:00", "Z")
    if kind == 3:
      return date.astimezone(timezone(timedelta(hours=self.randrange(-12, 15)))).isoformat()
    return {"$date": date.replace(microsecond=0).isoformat().replace("+00:00", "Z")}


def options(chance: Chance, now: datetime) -> Dict[str, Any]:
  chosen: Dict[str, Any] = {}

  def maybe(share: float, name: str, value: Callable[[], Any]) -> None:
    if chance.likely(share):
      chosen[name] = value()

  maybe(0.5, "queue", lambda: chance.choice(QUEUES))
  kind = chance.choice(list(EXCHANGES))
  key: Callable[[], str] = lambda: chance.choice(KEYS) if kind == "direct" else chance.text(12) or "any"  # noqa: E731
  maybe(0.35, "exchange", lambda: chance.choice(EXCHANGES[kind]))
  maybe(0.9 if "exchange" in chosen else 0.1, "routing_key", key)
  if "exchange" in chosen and "routing_key" in chosen:
    maybe(0.3, "exchange_type", lambda: kind)
  maybe(0.5, "priority", lambda: chance.choice([0, 1, 9, 10, 127, 128, 255, chance.randrange(256)]))
  maybe(0.4, "expires", lambda: chance.expiry(now))
  maybe(0.3, "time_limit", lambda: chance.choice([0, 30, 2.5, chance.randrange(10**6), 1e3]))
  maybe(0.3, "soft_time_limit", lambda: chance.choice([0, 10, 0.5, chance.randrange(10**6)]))
  maybe(0.5, "headers", lambda: {chance.text(20): chance.header() for _ in range(chance.choice([0, 1, 3, 12]))})
  maybe(0.1, "serializer", lambda: "json")
  maybe(0.2, "ignore_result", lambda: chance.likely(0.5))
  # An empty text counts as absent.
  for name in ("shadow", "argsrepr", "kwargsrepr"):
    maybe(0.1, name, lambda: chance.text() or "…")
  maybe(0.2, "delivery_mode", lambda: chance.choice([1, 2, "transient", "persistent"]))
  return chosen


def arguments(chance: Chance, holds_types: bool) -> Dict[str, Any]:
  found: Dict[str, Any] = {}
  if chance.likely(0.8):
    found["args"] = [chance.argument() for _ in range(chance.choice([0, 1, 2, 4]))]
  if chance.likely(0.7):
    found["kwargs"] = {chance.text(12): chance.argument() for _ in range(chance.choice([0, 1, 3, 8]))}
  if holds_types:
    found["args"] = [*found.get("args", []), chance.choice(_TYPED), [chance.choice(_TYPED)]]
    found["kwargs"] = found.get("kwargs", {}) | {"typed": chance.choice(_TYPED)}
  return found


def document(seed: int, number: int, now: datetime) -> Dict[str, Any]:
  """A document that is fired once, at once. Its task's name ends with its number."""
  chance = Chance(f"{seed}/{number}")
  # Text beyond a frame's size of 128 kB is sent in several frames.
  is_large = chance.likely(0.02)
  holds_types = chance.likely(0.1)
  found: Dict[str, Any] = {
    "name": f"document {number}", "task": f"tasks.{chance.text(20)}.{number}", "enabled": True, "run_immediately": True,
    "interval": {"every": 9, "period": "days"}, **arguments(chance, holds_types)}
  if is_large:
    found["args"] = ["large " * chance.randrange(25_000, 100_000)]
  chosen = options(chance, now)
  for name, value in chosen.items():
    place = found if chance.likely(0.5) else found.setdefault("options", {})
    place[name] = value
  return found


def merged_options(document: Dict[str, Any]) -> Dict[str, Any]:
  """The options wherever they stand."""
  names = {"queue", "exchange", "exchange_type", "routing_key", "priority", "expires", "time_limit", "soft_time_limit",
           "headers", "serializer", "ignore_result", "shadow", "argsrepr", "kwargsrepr", "delivery_mode"}
  return {**document.get("options", {}), **{name: document[name] for name in names if name in document}}


def holds_typed_values(value: Any) -> bool:
  if isinstance(value, dict):
    return "__type__" in value or any(map(holds_typed_values, value.values()))
  return isinstance(value, list) and any(map(holds_typed_values, value))
