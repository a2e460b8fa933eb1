"""The package's errors. Each text says what is wrong, where, and what to do. No text holds a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Optional

if TYPE_CHECKING:
  from .receipts import Receipt

#: The most characters of a line for people. Names and values in it may be of any length.
_LONGEST_LINE: Final = 2_000


def one_line(text: str) -> str:
  """A text for people and logs, whatever was stored: one line. What cannot be shown is written as in Python."""
  line = " ".join(text.split())
  line = line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE - 1] + "…"
  return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)


class ReactiveBeatError(Exception):
  """What all errors of this package are."""


class InvalidURL(ReactiveBeatError, ValueError):
  """The text is not the address of a server."""


class InvalidSetting(ReactiveBeatError, ValueError):
  """A setting of the Celery application cannot be used.

  `setting` is its name, `reason` what is wrong with it.
  """

  def __init__(self, setting: str, reason: str) -> None:
    super().__init__(f"{setting}: {reason}")
    self.setting = setting
    self.reason = reason


class UnsupportedBroker(ReactiveBeatError):
  """The application's broker is one that beat-watch does not speak. The text is one line."""


class UnsupportedStore(ReactiveBeatError):
  """The schedules are in MongoDB, and what was asked for works with Redis alone. The text is one line."""


class InvalidSchedule(ReactiveBeatError, ValueError):
  """A schedule cannot be written so. Nothing was written.

  `field` is the document's field, such as `interval.every`, or empty for the document as a whole; `reason` is what is
  wrong with it.
  """

  def __init__(self, field: str, reason: str) -> None:
    super().__init__(f"{field}: {reason}" if field else reason)
    self.field = field
    self.reason = reason


class Rejected(ReactiveBeatError):
  """The daemon has set the document aside, or has refused to fire it.

  `reason` names the field and what is wrong. `receipt` is what the daemon said; None where it was not asked for one.
  """

  def __init__(self, name: str, reason: str, receipt: Optional[Receipt] = None) -> None:
    super().__init__(f"{name}: {reason}")
    self.name = name
    self.reason = reason
    self.receipt = receipt


class NotFound(ReactiveBeatError, LookupError):
  """There is no schedule of this name."""

  def __init__(self, name: str, text: str = "") -> None:
    super().__init__(text or f"there is no schedule {name}")
    self.name = name


class Conflict(ReactiveBeatError):
  """Something else stands in the way: the name is taken, or others change the document without a pause."""


class NoDaemon(ReactiveBeatError, TimeoutError):
  """No daemon has answered in time. What was written stays written, and is in force when a daemon runs."""
