"""Asks Python's zoneinfo about wall clocks.

Each line of standard input: a zone's name, then numbers. Each number gives one word of the answer line.
    u<n>    at the instant n (seconds since 1970): "<offset in seconds>/<abbreviation>"
    w<n>    for the wall clock reading n (seconds, as if it were UTC): the instants of fold 0 and fold 1, "<a>/<b>"
"""
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NAIVE_EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)


def answer(zone, word):
    number = timedelta(seconds=int(word[1:]))
    if word[0] == "u":
        local = (EPOCH + number).astimezone(zone)
        return f"{local.utcoffset() // SECOND}/{local.tzname()}"
    local = (NAIVE_EPOCH + number).replace(tzinfo=zone)
    return "/".join(str((local.replace(fold=fold) - EPOCH) // SECOND) for fold in (0, 1))


for line in sys.stdin:
    name, *words = line.split()
    zone = ZoneInfo(name)
    print(" ".join(answer(zone, word) for word in words))
