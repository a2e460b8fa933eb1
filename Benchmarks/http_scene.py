"""The scene of the endpoint and of the page: a daemon that listens, `beat-watch web` beside it, and who asks them."""

import json
import pathlib
import sys
import time

from http_load import Connection
from scene import Scene
from stage import clean_environment, free_port

LOAD = pathlib.Path(__file__).resolve().parent / "http_load.py"


class HTTPScene(Scene):
  def start_listening(self, program, *options):
    """Starts the daemon with its endpoint."""
    self.endpoint = f"127.0.0.1:{free_port()}"
    self.start_daemon("--http-listen", self.endpoint, *options, program=program)

  def start_page(self, program):
    """Starts `beat-watch web`, and waits until it has read all schedules. Returns the process and the seconds that this
    took."""
    self.page = f"127.0.0.1:{free_port()}"
    url = f"redis+socket://{self.socket}?virtual_host="
    began = time.monotonic()
    web = self.start(
      "beat-watch web", program, "web", "--store-url", f"{url}1", "--broker-url", f"{url}0", "--listen", self.page,
      env=clean_environment())
    self.poll("the page's index is loaded", self.is_page_loaded, 60 + self.loaded / 1000)
    return web, time.monotonic() - began

  def is_page_loaded(self):
    try:
      status, body = Connection(self.page).get("/api/v1/schedules?limit=1")
    except OSError:
      return False
    answer = json.loads(body)
    return status == 200 and not answer["loading"] and answer["all"] == self.loaded

  def ask(self, address, paths, requests, rate=0, connections=1):
    """Asks from a process of its own. Returns what it prints."""
    program = self.start("requests", sys.executable, "-B", LOAD, address, requests, rate, connections, *paths)
    return json.loads(self.finished("the requests are answered", program, 120 + requests)[-1])
