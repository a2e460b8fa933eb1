"""Makes manual pages of those that swift-argument-parser writes: python3 scripts/lib/man_pages.py FROM TO

A page of a command is named as Git's are, beat-watch-list(1), and its line NAME is one that lexgrog(1) reads, which is
how apropos finds it. SOURCE_DATE_EPOCH gives the pages' date, in seconds since 1970.
"""

import os
import pathlib
import re
import sys
import time


def page(text, command):
  name = command.replace(" ", "-")
  header, body = text.split(".Sh SYNOPSIS\n", 1)
  about = re.search(r'^\.Nd "(.*)"$', header, re.M).group(1)
  # A lower-case beginning and no full stop, as mdoc(7) asks for.
  about = about[0].lower() + about[1:].rstrip(".")
  date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
  # Without a name, .Nm prints that of the section NAME, which has a dash.
  body = re.sub(r"^\.Nm$", f'.Nm "{command}"', body, flags=re.M)
  body = re.sub(r"^\.Ex -std$", ".Ex -std beat-watch", body, flags=re.M)
  body = re.sub(r"^\.Xr beat-watch\.help 1 ,\n", "", body, flags=re.M)
  body = re.sub(r"^\.Xr beat-watch\.", ".Xr beat-watch-", body, flags=re.M)
  body = re.sub(r"^$\n", ".Pp\n", body.rstrip("\n") + "\n", flags=re.M)
  if command != "beat-watch":
    body += ".Sh SEE ALSO\n.Xr beat-watch 1\n"
  return (
    f".Dd {time.strftime('%B', date)} {date.tm_mday}, {date.tm_year}\n.Dt {name.upper()} 1\n.Os\n"
    f".Sh NAME\n.Nm {name}\n.Nd {about}\n.Sh SYNOPSIS\n{body}")


def main(source, target):
  for file in sorted(source.glob("*.1")):
    command = file.stem.replace(".", " ")
    # The page of the command `help` says nothing that these pages do not.
    if command != "beat-watch help":
      (target / f"{command.replace(' ', '-')}.1").write_text(page(file.read_text(), command))


if __name__ == "__main__":
  main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
