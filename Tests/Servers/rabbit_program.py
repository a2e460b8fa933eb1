"""The programs of RabbitMQ and of Erlang in tests: this system's, or those of the root that REACTIVEBEAT_TEST_RABBITMQ
names (`scripts/rabbitmq4`)."""

import os
import pathlib
import random
import socket
import subprocess

ROOT = os.environ.get("REACTIVEBEAT_TEST_RABBITMQ", "")
NODE = "rabbit@localhost"
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # The script in /usr/sbin changes its user.


def free_ports(count):
  """Ports of 127.0.0.1 below those that the kernel gives to connections, so that they stay free until they are used."""
  held = []
  try:
    while len(held) < count:
      probe = socket.socket()
      try:
        probe.bind(("127.0.0.1", random.randrange(20000, 32768)))
        held.append(probe)
      except OSError:
        probe.close()
    return [probe.getsockname()[1] for probe in held]
  finally:
    for probe in held:
      probe.close()


class Place:
  """The folder and the ports of one server."""

  def __init__(self, folder):
    self.folder = pathlib.Path(folder).resolve()
    self.port, self.tls_port, self.node_port, self.epmd_port = free_ports(4)
    self.cookie = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=20))

  def configure(self, *lines, tls=None):
    """Writes the configuration. `lines` are more of rabbitmq.conf. With `tls`, the PEM files of an authority, a
    certificate and its key, the server also listens on `tls_port`, and a client whose certificate the authority has
    signed may log in by EXTERNAL, as the user whom its CN names. Other clients need none."""
    self.folder.mkdir(exist_ok=True)
    lines = ("loopback_users = none", "vm_memory_high_watermark.absolute = 1GB", "disk_free_limit.absolute = 50MB",
             "log.console = false", *lines)
    plugins = ""
    if tls:
      authority, certificate, key = tls
      plugins = "rabbitmq_auth_mechanism_ssl"
      lines += (f"listeners.ssl.default = 127.0.0.1:{self.tls_port}", f"ssl_options.cacertfile = {authority}",
                f"ssl_options.certfile = {certificate}", f"ssl_options.keyfile = {key}",
                "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = false",
                "auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name")
    (self.folder / "rabbitmq.conf").write_text("".join(f"{line}\n" for line in lines))
    (self.folder / "plugins").write_text(f"[{plugins}].\n")
    cookie = self.folder / ".erlang.cookie"
    cookie.touch(0o600)
    cookie.write_text(self.cookie)

  def epmd(self):
    """RabbitMQ would start an epmd of its own, which outlives it. It finds this one."""
    return self._command("epmd", "-port", self.epmd_port, "-address", "127.0.0.1")

  def server(self):
    assert os.access(ROOT + _SERVER, os.X_OK), f"there is no {ROOT}{_SERVER}: run scripts/setup --test"
    return self._command(_SERVER)

  def evaluate(self, expressions, seconds=30):
    """The value of the last of several expressions of Erlang on the server, as Erlang writes it. It takes 20 ms, and
    rabbitmqctl a second."""
    answer = subprocess.run(
      self._evaluation(), input=f"{expressions}.\n", text=True, capture_output=True, timeout=seconds).stdout
    if not answer.startswith("{ok, "):
      raise RuntimeError(f"RabbitMQ: {expressions}: {answer}")
    return answer[5:-1]

  def _evaluation(self):
    return self._command("erl_call", "-sname", NODE, "-c", self.cookie, "-e")

  def _command(self, *words):
    environment = {
      "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": self.folder,
      "ERL_EPMD_PORT": self.epmd_port, "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": NODE,
      "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": self.port,
      "RABBITMQ_DIST_PORT": self.node_port, "RABBITMQ_CONF_ENV_FILE": "/dev/null",
      "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf", "RABBITMQ_ADVANCED_CONFIG_FILE": self.folder / "none",
      "RABBITMQ_GENERATED_CONFIG_DIR": self.folder / "generated",
      "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins", "RABBITMQ_MNESIA_BASE": self.folder / "data",
      "RABBITMQ_LOG_BASE": self.folder / "log", "RABBITMQ_PID_FILE": self.folder / "pid",
      # Without this the script stays, as the parent of the server, and a signal would not reach the server.
      "RABBITMQ_ALLOW_INPUT": "1",
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -noinput"
      " -kernel inet_dist_use_interface {127,0,0,1}"}
    # Erlang writes what is left of a crash into its current folder.
    return [*(["chroot", ROOT] if ROOT else []), "env", "-i", "-C", str(self.folder),
            *(f"{name}={text}" for name, text in environment.items()), *map(str, words)]
