"""Asks a server of this machine by HTTP, in a process of its own: what scripts/bench monitoring and web start.

    http_load.py ADDRESS REQUESTS RATE CONNECTIONS PATH...

It asks for the paths in turn, on connections that stay open, REQUESTS times in all, and prints one JSON object. A
request is timed from the moment at which it was planned, so that a slow answer makes the ones behind it late, too. With
a RATE of 0 each connection asks again as soon as it has its answer.
"""

import json
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scripts/lib"))

from stage import percentile  # noqa: E402

PATIENCE = 30


class Connection:
  def __init__(self, address):
    host, _, port = address.rpartition(":")
    self.socket = socket.create_connection((host, int(port)), PATIENCE)
    self.host = address

  def get(self, path):
    """Asks for a path. Returns the status and the body."""
    self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
      data += self.more()
    head = bytes(data[:end]).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(data) < end + 4 + length:
      data += self.more()
    return int(head.split()[1]), bytes(data[end + 4:])

  def more(self):
    part = self.socket.recv(1 << 18)
    if not part:
      raise ConnectionError(f"{self.host} has closed the connection")
    return part


def ask(connection, turns, paths, rate, began, results):
  """Takes the turns of one connection. Each gives its seconds and its bytes, or what went wrong."""
  try:
    for turn in turns:
      planned = began + turn / rate if rate else time.perf_counter()
      time.sleep(max(0, planned - time.perf_counter()))
      status, body = connection.get(paths[turn % len(paths)])
      if status != 200:
        raise ConnectionError(f"{paths[turn % len(paths)]}: status {status}")
      results.append((time.perf_counter() - planned, len(body)))
  except OSError as error:
    results.append(error)


def load(address, requests, rate, count, paths):
  connections = [Connection(address) for _ in range(count)]
  results = []
  start, began = time.time_ns() // 1000, time.perf_counter()
  threads = [
    threading.Thread(target=ask, args=(connection, range(number, requests, count), paths, rate, began, results))
    for number, connection in enumerate(connections)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  seconds = time.perf_counter() - began
  for result in results:
    if isinstance(result, OSError):
      raise result
  times = [result[0] * 1000 for result in results]
  return {
    "began_us": start, "ended_us": start + int(seconds * 1e6), "requests": len(times),
    "per_second": round(len(times) / seconds, 1), "p50_ms": round(percentile(times, 0.5), 2),
    "p99_ms": round(percentile(times, 0.99), 2), "bytes": sum(result[1] for result in results) // len(results),
    "processor_s": round(time.process_time(), 2)}


if __name__ == "__main__":
  try:
    print(json.dumps(load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])))
  except OSError as error:
    sys.exit(str(error))
