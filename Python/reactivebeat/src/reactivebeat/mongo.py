"""Where the schedules are in MongoDB, as celerybeat-mongo's settings say it. Its documents are changed by pymongo,
mongoengine or beat-watch's commands; this package only tells the daemon and the commands where they are."""

from __future__ import annotations

import dataclasses
import re
from typing import Dict, Final, Optional
from urllib.parse import unquote

from .errors import InvalidURL

DEFAULT_URL: Final = "mongodb://localhost:27017"
#: What celerybeat-mongo uses unless told otherwise.
DEFAULT_DATABASE: Final = "celery"
DEFAULT_COLLECTION: Final = "schedules"

URL_VARIABLE: Final = "CELERY_MONGODB_SCHEDULER_URL"


@dataclasses.dataclass(frozen=True)
class MongoPlace:
  """A collection of schedules. `str()` shows it without the password."""

  #: The server's address with its password. The daemon checks its options.
  url: str = dataclasses.field(repr=False)
  database: str = DEFAULT_DATABASE
  collection: str = DEFAULT_COLLECTION

  @classmethod
  def parse(cls, url: str, database: Optional[str] = None, collection: Optional[str] = None) -> MongoPlace:
    """Reads a URL. A database in it wins over `database`, as in celerybeat-mongo.

    Raises InvalidURL, which quotes nothing that may be part of a password.
    """
    text = url.strip()
    if re.search(r"[\x00-\x1f\x7f]", text):
      raise InvalidURL("the MongoDB URL holds a control character or a line break")
    if "://" not in text:
      text = "mongodb://" + text  # mongoengine takes a host alone.
    if not is_mongo(text):
      raise InvalidURL("the URL is none of MongoDB: it begins with mongodb:// or mongodb+srv://")
    return cls(text, _database(text) or database or DEFAULT_DATABASE, collection or DEFAULT_COLLECTION)

  @property
  def environment(self) -> Dict[str, str]:
    """The variables by which beat-watch knows the place. They hold the password."""
    return {URL_VARIABLE: self.url, "CELERY_MONGODB_SCHEDULER_DB": self.database,
            "CELERY_MONGODB_SCHEDULER_COLLECTION": self.collection}

  def __str__(self) -> str:
    scheme, _, rest = self.url.partition("://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    login, _, hosts = authority.rpartition("@")
    if "@" in rest[len(authority):]:  # An unencoded '/' or '?' in a password: what is before it would be shown.
      return f"{scheme}://***, {self.database}.{self.collection}"
    name, colon, _ = login.partition(":")
    # Who forgets the colon has written the password there.
    shown = f"{name}:***@" if colon else "***@" if login else ""
    return f"{scheme}://{shown}{hosts}, {self.database}.{self.collection}"


def is_mongo(url: str) -> bool:
  """Whether the scheme is one of MongoDB's."""
  return url.strip().partition("://")[0].lower() in ("mongodb", "mongodb+srv")


def _database(url: str) -> str:
  rest = url.partition("://")[2].partition("?")[0]
  return unquote(rest.partition("/")[2])
