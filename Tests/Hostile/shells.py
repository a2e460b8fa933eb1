"""Names that a shell would execute, offered by TAB in a real terminal: bash, zsh and fish, as far as they are
installed."""

import concurrent.futures
import fcntl
import os
import pathlib
import pty
import select
import shutil
import subprocess
import termios
import time

from arena import Arena
from sets import document, key

NAMES = [
  "n$(touch made)", "n`touch made`", "n'; touch made; '", 'n"; touch made; "', "n; touch made;", "n\ntouch made\n", "n|touch made",
  "n&touch made&", "n>made", "n<(touch made)", "n${IFS}$(touch made)", "n\\$(touch made)", "n$((`touch made`))", "n\x15touch made\n",
  "n:$(touch made)", "n=$(touch made)", "n~$(touch made)", "-n$(touch made)", "--store-url=$(touch made)", "n e$(touch made)", "n(touch made)",
  "n*", "n[$(touch made)]", "n{$(touch made),}", "n!touch made", "n^touch made", "n#$(touch made)", "n\x1b[200~touch made\n\x1b[201~"]
# How each shell is started without a user's settings, and how it reads the completions.
SHELLS = {
  "bash": (["--norc", "--noprofile", "-i"], "source completions\n"),
  "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -u -D; source completions; compdef _beat-watch beat-watch\n"),
  "fish": (["--no-config", "-i"], "source completions\n")}
WORDS = ["explain n", "show n", "explain -- -n", "rm n\\$", "enable 'n", 'disable "n', "fire n\\ e", "rename n"]

HEADING = f"{'shell':<34} {'seconds':>7}"


def run(binary, tell, words=None):
  """Returns how many have failed. `words`: what is typed before each TAB."""
  with Arena("shells", binary, has_standby=False) as arena:
    for name in ["plain-name", *NAMES]:
      arena.client("SET", key(name), document())
    tools = arena.folder / "bin"
    tools.mkdir()
    (tools / "beat-watch").symlink_to(pathlib.Path(binary).resolve())

    def one(shell):
      program, begin = shutil.which(shell), time.monotonic()
      return shell, program and _one(arena, program, shell, tools, words or WORDS), time.monotonic() - begin
    with concurrent.futures.ThreadPoolExecutor(len(SHELLS)) as pool:
      results = [result for result in pool.map(one, SHELLS) if result[1] is not None]
    for shell, wrong, took in results:
      tell(f"{shell:<34} {took:>7.1f}  " + ("ok" if not wrong else f"FAILED: {wrong}"))
  return sum(bool(wrong) for _, wrong, _ in results)


def _one(arena, program, shell, tools, typed):
  """The failures of one shell; empty: there is none."""
  folder = arena.folder / shell
  folder.mkdir()
  environment = arena.environment() | {
    "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb", "PS1": "$ ", "INPUTRC": "/dev/null"}
  (folder / "completions").write_bytes(subprocess.run(
    [tools / "beat-watch", "--generate-completion-script", shell], env=environment, capture_output=True, check=True).stdout)
  arguments, source = SHELLS[shell]
  ours, theirs = pty.openpty()
  process = subprocess.Popen(
    ["setpriv", "--pdeathsig", "KILL", "--", program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
    env=environment, preexec_fn=_take_terminal)
  os.close(theirs)
  try:
    _listen(ours, 1)
    _say(ours, source)
    _listen(ours, 1)
    _say(ours, "beat-watch explain plai\t")
    if "plain-name" not in _listen(ours, 2):
      return "TAB does not offer a name without anything odd in it"
    _say(ours, "\x03")
    for words in typed:
      # TAB is pressed twice for the list; then the line is given up.
      _say(ours, f"beat-watch {words}\t\t")
      _listen(ours, 0.6)
      _say(ours, "\x03")
      _listen(ours, 0.1)
      if (folder / "made").exists():
        return f"TAB after \"beat-watch {words}\" carried a name out"
  except OSError as error:
    return f"the shell has ended: {error}"
  finally:
    process.kill()
    process.wait()
    os.close(ours)
  return ""


def _say(terminal, text):
  os.write(terminal, text.encode())


def _listen(terminal, seconds):
  """The terminal's output within that time."""
  shown, deadline = b"", time.monotonic() + seconds
  while (left := deadline - time.monotonic()) > 0:
    if select.select([terminal], [], [], left)[0]:
      shown += os.read(terminal, 1 << 16)
  return shown.decode(errors="replace")


def _take_terminal():
  """Runs in the child: makes a session whose terminal is the input."""
  os.setsid()
  fcntl.ioctl(0, termios.TIOCSCTTY, 0)
