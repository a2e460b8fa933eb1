"""Writes exported.txt: documents as mongoexport prints them. Each line: a document in hexadecimal, a space, its relaxed
Extended JSON (v2), a tab, its canonical one. The documents are those of schedules.txt and celery.txt. Needs pymongo:
`python3 exported.py > exported.txt`.
"""
import pathlib
import sys

sys.path.pop(0)  # This folder: a script in it has Celery's own name.

import bson  # noqa: E402
from bson import json_util  # noqa: E402
from bson.codec_options import CodecOptions, DatetimeConversion  # noqa: E402

# With a zone, so that the text has one.
OPTIONS = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)

for name in ("schedules.txt", "celery.txt"):
  for line in (pathlib.Path(__file__).parent / name).read_text().splitlines():
    try:
      document = bson.decode(bytes.fromhex(line.split()[0]), OPTIONS)
      texts = [json_util.dumps(document, json_options=options) for options in (
        json_util.RELAXED_JSON_OPTIONS, json_util.CANONICAL_JSON_OPTIONS)]
    except Exception:
      # No text, or no date that Python could print.
      continue
    print(line.split()[0], "\t".join(texts))
