"""A server that lies: a proxy before a real server, in a process of its own. Lines on its input tell it what to say.
Without a lie it passes the real server's replies on, so that handshakes succeed.

Input: "lie NAME", "truth", "cut" (ends all connections), "count". Output: its port, and the number of connections so
far.
"""

import os
import pathlib
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import lies  # noqa: E402


class Link:
  def __init__(self, liar, client, server):
    self.liar, self.client, self.server = liar, client, server
    self.is_stream = False
    self.answers = 0
    self.told = None  # the lie that this connection was told

  def close(self):
    for each in (self.client, self.server):
      try:
        each.shutdown(socket.SHUT_RDWR)
      except OSError:
        pass

  def requests(self):
    self._pump(self.client, self._request)

  def answers_of_server(self):
    self._pump(self.server, self._answer)

  def _pump(self, source, take):
    try:
      while data := source.recv(1 << 16):
        take(data)
    except OSError:
      pass
    self.close()

  def _request(self, data):
    if b"PSUBSCRIBE" in data.upper():
      self.is_stream = True
    self.server.sendall(data)

  def _answer(self, data):
    lie = self.liar.lie
    self.answers += 1
    if lie and lie.where == "words":
      data = data.replace(*lie.data)
    if lie is None or lie.where in ("greeting", "words"):
      return self.client.sendall(data)
    if lie.where == "drip":
      for byte in data[:200]:
        self.client.sendall(bytes([byte]))
        time.sleep(0.01)
      return self.client.sendall(data[200:])
    if lie.where == "instead" and not self.is_stream:
      return self.tell(lie)
    self.client.sendall(data)
    is_due = self.is_stream and b"psubscribe" not in data if lie.where == "events" else (
      lie.where == "commands" and not self.is_stream and self.answers >= lie.behind)
    if is_due and (lie.where == "commands" or self.told is not lie):
      self.tell(lie)

  def tell(self, lie):
    self.told = lie
    for chunk in lie.chunks():
      self.client.sendall(chunk)


class Liar:
  def __init__(self, upstream):
    self.upstream = upstream
    self.lie = None
    self.count = 0
    self.links = []
    self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)

  def serve(self):
    while True:
      client, _ = self.listener.accept()
      self.count += 1
      client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      server = socket.socket(socket.AF_UNIX)
      try:
        server.connect(self.upstream)
      except OSError:
        client.close()
        continue
      self.links = [link for link in self.links if link.client.fileno() >= 0]
      link = Link(self, client, server)
      self.links.append(link)
      threading.Thread(target=self._answer, args=(link,), daemon=True).start()

  def _answer(self, link):
    lie = self.lie
    try:
      if lie and lie.where == "greeting":
        link.tell(lie)
    except OSError:
      pass
    requests = threading.Thread(target=link.requests, daemon=True)
    requests.start()
    link.answers_of_server()
    requests.join(5)
    link.client.close()
    link.server.close()


def main():
  liar = Liar(sys.argv[1])
  print(liar.listener.getsockname()[1], flush=True)
  threading.Thread(target=liar.serve, daemon=True).start()
  for line in sys.stdin:
    word, _, name = line.strip().partition(" ")
    if word == "lie":
      liar.lie = lies.BY_NAME[name]
      # Clients that are connected already are told the lie, too.
      for link in list(liar.links):
        if liar.lie.where in ("greeting", "words"):
          link.close()
    elif word == "truth":
      liar.lie = None
    elif word == "cut":
      for link in list(liar.links):
        link.close()
    elif word == "count":
      print(liar.count, flush=True)
  os._exit(0)


if __name__ == "__main__":
  main()
