"""The package as a whole."""

import re

from conftest import PROJECT

import reactivebeat


def test_the_version_is_the_daemons() -> None:
  source = (PROJECT / "Sources/ReactiveBeat/BeatDaemon.swift").read_text()
  found = re.search(r'version = "([^"]+)"', source)
  assert found is not None
  assert reactivebeat.__version__ == found[1]
