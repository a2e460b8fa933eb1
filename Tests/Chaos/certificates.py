"""The variant "failover-tls": the failovers, with TLS in all directions and a password for everyone. Certificates are
renewed while everything runs, by a new authority each time, and a server shows one that is of no use.

Servers and sentinels ask for client certificates. A server reads its files again after CONFIG SET, a sentinel when it
starts, and the daemons at each connect. The suite itself uses unix sockets, which have no TLS.
"""

import os
import pathlib
import subprocess

from failover import Failover, FailoverStage
from sentinel import MASTER, SentinelGroup

GOOD = "DNS:localhost,IP:127.0.0.1"
OWNERS = ("servers", "sentinels", "daemons")


def openssl(*words):
  subprocess.run(["openssl", *map(str, words)], check=True, stdin=subprocess.DEVNULL, capture_output=True)


class Certificates:
  """The files that everyone reads. A renewal writes new files and gives them the names of the old ones."""

  user, password = "beat", "beat-secret"  # the daemons' log-in at the servers
  server_password = "root-secret"  # of the servers' default user
  sentinel_password = "watch-secret"  # of the sentinels' user `watch`
  ask_password = "ask-secret"  # of the sentinels' user `ask`, which is the daemons'

  def __init__(self, folder):
    self.folder = pathlib.Path(folder) / "certificates"
    self.folder.mkdir()
    self.generation = 0
    self.authorities = []
    self.renew()
    self.forget()

  def path(self, name):
    return self.folder / name

  def renew(self):
    """Makes an authority and issues all certificates anew. The authority before it is trusted until `forget`."""
    self.generation += 1
    authority = self.path(f"ca-{self.generation}")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj",
            f"/CN=Authority {self.generation}", "-keyout", f"{authority}.key", "-out", f"{authority}.pem")
    self.authorities.append(authority)
    self._trust()
    for owner in OWNERS:
      self.issue(owner)

  def forget(self):
    self.authorities = self.authorities[-1:]
    self._trust()

  def _trust(self):
    new = self.path("trusted.new")
    new.write_text("".join(pathlib.Path(f"{authority}.pem").read_text() for authority in self.authorities))
    os.replace(new, self.path("trusted.pem"))

  def issue(self, owner, names=GOOD, days=10, name=None):
    """Puts a certificate in the place of the old one, or under another name beside it."""
    authority, new = self.authorities[-1], self.path("new")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={owner}", "-addext",
            f"subjectAltName={names}", "-keyout", f"{new}.key", "-out", f"{new}.csr")
    openssl("x509", "-req", "-in", f"{new}.csr", "-copy_extensions", "copy", "-CA", f"{authority}.pem", "-CAkey",
            f"{authority}.key", "-days", days, "-out", f"{new}.pem")
    for end in ("key", "pem"):
      os.replace(f"{new}.{end}", self.path(f"{name or owner}.{end}"))

  # --- settings ---

  def files(self, owner):
    return {"tls-cert-file": self.path(f"{owner}.pem"), "tls-key-file": self.path(f"{owner}.key"),
            "tls-ca-cert-file": self.path("trusted.pem")}

  def common(self, owner, port):
    return {"port": 0, "tls-port": port, "tls-auth-clients": "yes", "tls-replication": "yes"} | self.files(owner)

  def server(self, port):
    """redis-server's options."""
    options = self.common("servers", port) | {
      "requirepass": self.server_password, "masterauth": self.server_password,
      "user": f"{self.user} on >{self.password} ~* &* +@all -@admin +config|get +config|set"}
    return [word for name, value in options.items() for word in (f"--{name}", *str(value).split())]

  def sentinel(self, port):
    """The first lines of a sentinel's file. The last one names the primary's password, and follows the one that names
    the primary."""
    lines = [f"{name} {value}" for name, value in self.common("sentinels", port).items()]
    lines += ["user default off", f"user watch on >{self.sentinel_password} allchannels +@all",
              f"user ask on >{self.ask_password} -@all +sentinel|get-master-addr-by-name +client|setname",
              "sentinel sentinel-user watch", f"sentinel sentinel-pass {self.sentinel_password}"]
    return "\n".join(lines) + "\n", f"sentinel auth-pass {MASTER} {self.server_password}\n"

  @property
  def query(self):
    """The daemons' options in the URL."""
    files = {"ssl_ca_certs": self.path("trusted.pem"), "ssl_certfile": self.path("daemons.pem"),
             "ssl_keyfile": self.path("daemons.key")}
    options = {"sentinel_username": "ask", "sentinel_password": self.ask_password} | files
    return "?" + "&".join(f"{name}={value}" for name, value in options.items())


class SecureGroup(SentinelGroup):
  def __init__(self, folder):
    super().__init__(folder, Certificates(folder))

  def reload(self, node, owner="servers"):
    """Lets a server read its files again."""
    words = [word for pair in self.security.files(owner).items() for word in pair]
    if node.ask("CONFIG", "SET", *words) == b"OK":
      node.generation = self.security.generation if owner == "servers" else None
      return True
    return False

  def bring_back(self):
    """Those that were away during a renewal have it done now: without it they and the others would never trust each
    other again."""
    super().bring_back()
    for node in self.nodes:
      if node.is_alive and node.generation != self.security.generation:
        self.reload(node)
    for sentinel in self.sentinels:
      if sentinel.generation != self.security.generation and sentinel.process.poll() is None:
        sentinel.kill()
        sentinel.start()


class SecureFailoverStage(FailoverStage):
  def make_redis(self):
    return SecureGroup(self.folder)


class Secure(Failover):
  variants = ("failover-tls",)


class Renewal(Secure):
  """All certificates and their authority are replaced. Every connection that is made afterwards needs the new files,
  and all connections are made anew."""
  name = "certificates renewed"
  weight = 3

  @staticmethod
  def choose(r):
    return {"killed": r.choice(["normal", "pubsub", "all"])}

  def strike(self):
    self.group.security.renew()
    for node in self.group.nodes:
      self.group.reload(node)
    for sentinel in self.group.sentinels:
      if sentinel.process.poll() is None:
        sentinel.kill()
        sentinel.start()
    self.group.security.forget()
    for node in self.group.nodes:
      self.group.reload(node)
    kinds = ["normal", "pubsub"] if self.values["killed"] == "all" else [self.values["killed"]]
    if node := self.group.primary():
      for kind in kinds:
        node.ask("CLIENT", "KILL", "TYPE", kind)


class UselessCertificate(Secure):
  """The primary shows a certificate that has expired, or is for another host, or is of an authority that nobody knows,
  and all connections to it end."""
  name = "useless certificate"
  weight = 2

  @staticmethod
  def choose(r):
    return {"kind": r.choice(["expired", "another name", "another authority"]), "act_ms": r.choice([100, 600, 2500])}

  def strike(self):
    self.node = self.group.primary()
    if not self.node:
      return False
    security, kind = self.group.security, self.values["kind"]
    if kind == "another authority":
      authorities = list(security.authorities)
      security.authorities.append(security.path("stranger"))
      openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj",
              "/CN=Stranger", "-keyout", f"{security.path('stranger')}.key", "-out", f"{security.path('stranger')}.pem")
      security.issue("useless", name="useless")
      security.authorities = authorities
    elif kind == "expired":
      security.issue("useless", days=-1, name="useless")
    else:
      security.issue("useless", names="DNS:elsewhere.example", name="useless")
    if not self.group.reload(self.node, "useless"):
      return False
    for kind in ("normal", "pubsub"):
      self.node.ask("CLIENT", "KILL", "TYPE", kind)

  def heal(self):
    if self.node:
      self.group.reload(self.node)


ALL = [Renewal, UselessCertificate]
