"""Asks Celery's own schedules. Needs Celery 5.7.

One JSON request per line on standard input, one answer per line on standard output.

{"field": "hour", "value": "22-2"}       the numbers the value stands for: "0 1 2 22 23"
{"crontab": [minute, hour, day_of_week, day_of_month, month_of_year], "zone": "UTC", "times": [...], "count": 5}
    for each time, in whole seconds since 1970, the `count` occurrences after it; each is asked with the one before as
    last_run_at and as now, and `is_due` must agree with it. "end" once Celery passes year 9999.
{"every": 90, "relative": true, "zone": "UTC", "times": [...], "count": 5}
    the same for an interval in seconds.
All answer "refused" if Celery raises while it builds the schedule.
"""
import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import celery
from celery import Celery
from celery.schedules import ParseException, crontab, schedule

FIELDS = {
    "minute": (60, 0), "hour": (24, 0), "day_of_week": (7, 0), "day_of_month": (31, 1), "month_of_year": (12, 1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)

assert celery.__version__.startswith("5.7."), celery.__version__
app = Celery(set_as_current=False)


def numbers(request):
    highest, lowest = FIELDS[request["field"]]
    return " ".join(map(str, sorted(crontab._expand_cronspec(request["value"], highest, lowest))))


def occurrences(request):
    clock = [EPOCH]
    zone = ZoneInfo(request["zone"])
    if "every" in request:
        every = timedelta(seconds=request["every"])
        timing = schedule(every, relative=request["relative"], app=app, nowfun=lambda: clock[0])
    else:
        timing = crontab(*request["crontab"], app=app, nowfun=lambda: clock[0])
    timing.tz = zone
    answer = []
    for start in request["times"]:
        time = EPOCH + timedelta(seconds=start)
        for _ in range(request["count"]):
            clock[0] = time
            try:
                due = time + timing.remaining_estimate(time.astimezone(zone))
            except (OverflowError, ValueError):
                answer.append("end")
                break
            if request.get("is_due"):
                clock[0] = due
                assert timing.is_due(time).is_due, (request, str(due))
                clock[0] = due - SECOND
                assert not timing.is_due(time).is_due, (request, str(due))
            time = due
            answer.append(str((time - EPOCH) // SECOND))
    return " ".join(answer)


answers = []
for line in sys.stdin:
    request = json.loads(line)
    try:
        answers.append(numbers(request) if "field" in request else occurrences(request))
    except (ValueError, TypeError, ParseException):
        answers.append("refused")
print("\n".join(answers))
