"""A certificate authority for one run, made by the `openssl` command."""

from __future__ import annotations

import pathlib
import subprocess
from typing import Optional, Tuple

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
  """Its certificate is `file`."""

  def __init__(self, folder: pathlib.Path) -> None:
    self.folder = folder
    folder.mkdir()
    self.file = folder / "ca.pem"
    self._openssl(
      "req", "-x509", *_KEY, "-subj", "/CN=A test's CA", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem")

  def issue(self, name: str, hosts: Optional[str] = None) -> Tuple[pathlib.Path, pathlib.Path]:
    """The files of a certificate and its key, with this CN. `hosts` are its names of hosts, as OpenSSL writes them."""
    names = ["-addext", f"subjectAltName={hosts}"] if hosts else []
    self._openssl("req", *_KEY, "-subj", f"/CN={name}", *names, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    self._openssl("x509", "-req", "-in", f"{name}.csr", "-copy_extensions", "copy", "-CA", "ca.pem", "-CAkey", "ca.key",
                  "-CAcreateserial", "-days", "10", "-out", f"{name}.pem")
    return self.folder / f"{name}.pem", self.folder / f"{name}.key"

  def _openssl(self, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
