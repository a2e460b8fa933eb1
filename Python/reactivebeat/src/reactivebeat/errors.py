"""The package's errors. Each text says what is wrong, where, and what to do. No text holds a password."""


class ReactiveBeatError(Exception):
  """What all errors of this package are."""


class InvalidURL(ReactiveBeatError, ValueError):
  """The text is not the address of a Redis database."""


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
