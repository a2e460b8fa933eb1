"""Which store a configuration means, and celerybeat-mongo's settings."""

from typing import Any, Dict, Optional

import pytest
from celery import Celery

from reactivebeat import AsyncSchedules, InvalidSetting, InvalidURL, Schedules, UnsupportedStore, worker
from reactivebeat.mongo import MongoPlace
from reactivebeat.settings import Settings
from reactivebeat.storekind import StoreKind


def read(kind: Optional[StoreKind] = None, **conf: Any) -> Settings:
  return Settings.of(application(**conf), kind)


def application(**conf: Any) -> Celery:
  app = Celery("proj", set_as_current=False)
  app.conf.update(dict({"broker_url": "redis://b/0"}, **conf))
  return app


def place(settings: Settings) -> Optional[Dict[str, str]]:
  return settings.mongo.environment if settings.mongo is not None else None


def variables(url: str, database: str = "celery", collection: str = "schedules") -> Dict[str, str]:
  return {"CELERY_MONGODB_SCHEDULER_URL": url, "CELERY_MONGODB_SCHEDULER_DB": database,
          "CELERY_MONGODB_SCHEDULER_COLLECTION": collection}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
  for name in ("CELERY_BROKER_URL", "CELERY_REDIS_SCHEDULER_URL", "CELERY_REDIS_SCHEDULER_KEY_PREFIX", "TZ",
               *variables("")):
    monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("conf, expected", [
  ({"mongodb_scheduler_url": "mongodb://h:7"}, variables("mongodb://h:7")),
  ({"CELERY_MONGODB_SCHEDULER_URL": "mongodb://h:7"}, variables("mongodb://h:7")),
  ({"mongodb_scheduler_url": "mongodb+srv://h"}, variables("mongodb+srv://h")),
  ({"mongodb_scheduler_url": "h:7"}, variables("mongodb://h:7")),
  ({"mongodb_scheduler_db": "shop"}, variables("mongodb://localhost:27017", "shop")),
  ({"mongodb_scheduler_url": "mongodb://h", "mongodb_scheduler_db": "shop", "mongodb_scheduler_collection": "timers"},
   variables("mongodb://h", "shop", "timers")),
  # A database in the URL wins, as in celerybeat-mongo.
  ({"mongodb_scheduler_url": "mongodb://a,b/in%20url?replicaSet=r/s", "mongodb_scheduler_db": "shop"},
   variables("mongodb://a,b/in%20url?replicaSet=r/s", "in url")),
  ({"mongodb_scheduler_url": "mongodb://a/?w=1", "mongodb_scheduler_db": "shop"},
   variables("mongodb://a/?w=1", "shop")),
])
def test_celerybeat_mongos_settings(conf: Dict[str, str], expected: Dict[str, str]) -> None:
  settings = read(**conf)
  assert place(settings) == expected
  environment = settings.environment()
  assert expected.items() <= environment.items()
  assert "CELERY_REDIS_SCHEDULER_URL" not in environment and environment["CELERY_BROKER_URL"] == "redis://b:6379/0"


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("CELERY_MONGODB_SCHEDULER_DB", "env")
  assert read().mongo is None, "nor does beat-watch take this for a store"
  monkeypatch.setenv("CELERY_MONGODB_SCHEDULER_URL", "mongodb://e")
  conf = {"mongodb_scheduler_url": "mongodb://h", "mongodb_scheduler_db": "shop"}
  assert place(read(**conf)) == variables("mongodb://e", "env")
  assert place(read(redis_scheduler_url="redis://s/7")) == variables("mongodb://e", "env")
  monkeypatch.setenv("CELERY_REDIS_SCHEDULER_URL", "redis://e/3")
  with pytest.raises(InvalidSetting, match="the environment names a store in MongoDB too"):
    read()
  monkeypatch.delenv("CELERY_MONGODB_SCHEDULER_URL")
  settings = read(mongodb_scheduler_url="mongodb://h")
  assert (settings.mongo, settings.store_url) == (None, "redis://e:6379/3")


def test_two_stores_are_refused_unless_the_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
  both = {"redis_scheduler_url": "redis://s/7", "mongodb_scheduler_collection": "timers"}
  with pytest.raises(InvalidSetting, match="the application names a store in MongoDB too") as told:
    read(**both)
  assert "beat_scheduler" in str(told.value)
  assert read(StoreKind.REDIS, **both).store_url == "redis://s:6379/7"
  assert place(read(StoreKind.MONGODB, **both)) == variables("mongodb://localhost:27017", collection="timers")
  assert read(beat_scheduler="reactivebeat.schedulers.RedisScheduler", **both).mongo is None
  assert read(beat_scheduler="reactivebeat.schedulers:MongoScheduler").mongo is not None
  # celerybeat-mongo's own class says nothing of this package.
  assert read(beat_scheduler="celerybeatmongo.schedulers.MongoScheduler").mongo is None
  # beat-watch takes one of the two only: the other is taken out of its environment.
  monkeypatch.setenv("CELERY_REDIS_SCHEDULER_URL", "redis://e/3")
  assert read(StoreKind.MONGODB, **both).environment()["CELERY_REDIS_SCHEDULER_URL"] == ""
  monkeypatch.delenv("CELERY_REDIS_SCHEDULER_URL")
  monkeypatch.setenv("CELERY_MONGODB_SCHEDULER_URL", "mongodb://e")
  assert read(StoreKind.REDIS, **both).environment()["CELERY_MONGODB_SCHEDULER_URL"] == ""


@pytest.mark.parametrize("url", ["redis://h", "https://h", "mongodb://h\n/x"])
def test_another_url(url: str) -> None:
  with pytest.raises(InvalidSetting, match=r"^mongodb_scheduler_url: the .*URL") as told:
    read(mongodb_scheduler_url=url)
  assert "\n" not in str(told.value)
  with pytest.raises(InvalidSetting, match="expected a text, found a int"):
    read(mongodb_scheduler_url=7)


@pytest.mark.parametrize("url, shown", [
  ("mongodb://h:7", "mongodb://h:7, celery.schedules"),
  ("mongodb://beat:pa55@a:7,b/shop?tlsCertificateKeyFilePassword=pa55", "mongodb://beat:***@a:7,b, shop.schedules"),
  ("mongodb://pa55@h", "mongodb://***@h, celery.schedules"),
  ("mongodb://beat:p@pa55@h", "mongodb://beat:***@h, celery.schedules"),
])
def test_no_password_is_shown(url: str, shown: str) -> None:
  found = MongoPlace.parse(url)
  assert str(found) == shown
  assert "pa55" not in repr(found)


@pytest.mark.parametrize("url", ["mongodb://beat:p/pa55@h", "mongodb://beat:p?pa55@h", "mongodb://beat:p/x@h?pa55"])
def test_no_password_is_shown_that_is_not_encoded(url: str) -> None:
  assert str(MongoPlace.parse(url, "shop", "x")).startswith("mongodb://***, ")


@pytest.mark.parametrize("kind", [Schedules, AsyncSchedules])
def test_schedules_are_for_redis(kind: Any) -> None:
  for make in (lambda: kind(application(mongodb_scheduler_url="mongodb://beat:pa55@h")),
               lambda: kind.from_url("mongodb://beat:pa55@h")):
    with pytest.raises(
        UnsupportedStore, match=r"in MongoDB \(mongodb://beat:\*\*\*@h, celery.schedules\), and this works with Redis: "
        "change them there by pymongo or mongoengine") as told:
      make()
    assert "pa55" not in str(told.value) and "\n" not in str(told.value)
  with pytest.raises(InvalidURL):
    kind.from_url("mongodb://h\n/x")


def test_the_guard_asks_for_the_broker_alone() -> None:
  app = application(mongodb_scheduler_url="mongodb://h", redis_scheduler_url="redis://s/7")
  worker.once(app)
  assert worker._address(app).url == "redis://b:6379/0"
