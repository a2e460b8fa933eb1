"""A page of `beat-watch web` whose files come from a folder, so that a change of them is tried without a build.

It stands before the real server: the files of the page are those of the folder, with the server's own header fields,
and everything else goes through.
"""

from __future__ import annotations

import http.client
import http.server
import pathlib
import threading
from typing import Any

TYPES = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".html": "text/html; charset=utf-8"
}


def serve(folder: pathlib.Path, port: int, upstream: int) -> http.server.ThreadingHTTPServer:

  class Handler(http.server.BaseHTTPRequestHandler):

    def log_message(self, *_: Any) -> None:
      pass

    def file(self) -> Any:
      path = self.path.split("?")[0]
      file = folder / ("index.html" if path == "/" else path.removeprefix("/assets/"))
      return file if (path == "/" or path.startswith("/assets/")) and file.is_file() else None

    def answer(self) -> None:
      length = int(self.headers.get("Content-Length") or 0)
      body = self.rfile.read(length) if length else None
      fields = {name: value.replace(f":{port}", f":{upstream}") for name, value in self.headers.items()}
      connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
      try:
        connection.request(self.command, self.path, body, {
          **fields, "Connection": "close",
          "Accept-Encoding": "identity"
        })
        reply = connection.getresponse()
        file = self.file()
        text = file.read_bytes() if file else None
        self.send_response(200 if file else reply.status)
        for name, value in reply.getheaders():
          if name.lower() in ("connection", "transfer-encoding",
                              "content-length") or file and name.lower() in ("etag", "content-type", "cache-control"):
            continue
          self.send_header(name, value)
        if file:
          self.send_header("Content-Type", TYPES[file.suffix])
          self.send_header("Cache-Control", "no-store")
          self.send_header("Content-Length", str(len(text or b"")))
        self.send_header("Connection", "close")
        self.end_headers()
        if text is not None:
          self.wfile.write(text)
          return
        while piece := reply.read1(65536):
          self.wfile.write(piece)
          self.wfile.flush()
      except (OSError, http.client.HTTPException):
        self.close_connection = True
      finally:
        connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

  server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
  server.daemon_threads = True
  threading.Thread(target=server.serve_forever, daemon=True).start()
  return server
