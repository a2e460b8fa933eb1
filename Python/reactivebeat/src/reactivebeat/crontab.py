"""The grammar of a crontab's fields: Celery's, with the daemon's words for what is wrong, and without Celery.

The daemon refuses more: what other schedulers write (`L`, `#`), and fields which together never come. Here the values
are not computed, only looked at.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Final, Optional, Tuple

#: The lowest and the highest number of each field.
RANGES: Final[Dict[str, Tuple[int, int]]] = {
  "minute": (0, 59), "hour": (0, 23), "day_of_week": (0, 6), "day_of_month": (1, 31), "month_of_year": (1, 12),
  "day_of_year": (1, 366)}
#: Names count in every field by their first three letters.
_NAMES: Final = {
  **{name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)},
  **{name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}}
#: The beginnings of a part that count, in this order; what follows one is ignored, as by Celery.
_STEPPED_RANGE: Final = re.compile(r"(\w+)-(\w+)/(\w*)")
_RANGE: Final = re.compile(r"(\w+)-(\w+)")
_STEPPED_STAR: Final = re.compile(r"\*/(\w*)")
_STAR: Final = re.compile(r"\*$")


def problem(field: str, value: Any) -> Optional[str]:
  """What is wrong with a field's value, a number, a text, or a list of numbers; None: nothing."""
  try:
    _check(field, value)
  except ValueError as error:
    return str(error)
  return None


def _check(field: str, value: Any) -> None:
  if _is_number(value):
    _in_range(field, value)
  elif isinstance(value, str):
    for part in value.split(","):
      if not part:
        raise ValueError("has nothing beside a comma" if value else 'is empty; use "*" for every value')
      _check_part(field, part)
  elif isinstance(value, (list, tuple)):
    if not value:
      raise ValueError('the list is empty, so it would never run; use "*" for every value')
    for element in value:
      if not _is_number(element):
        raise ValueError('a list may hold whole numbers only; write the field as one text, such as "mon,wed"')
      _in_range(field, element)
  else:
    raise ValueError("expected a whole number, a text, or a list of whole numbers")


def _check_part(field: str, part: str) -> None:
  found = _STEPPED_RANGE.match(part) or _RANGE.match(part)
  if found is not None:
    _number(field, found[1])
    _number(field, found[2])
    if found.re is _STEPPED_RANGE:
      _check_step(found[3])
    return
  found = _STEPPED_STAR.match(part)
  if found is not None:
    _check_step(found[1])
  elif _STAR.match(part) is None:
    _number(field, part)


def _check_step(text: str) -> None:
  if not text:
    raise ValueError("there is no step after the slash")
  try:
    step = int(text)
  except ValueError:
    raise ValueError(f'the step "{text}" is not a whole number') from None
  if step < 1:
    raise ValueError("the step is zero; use 1 or more")


def _number(field: str, text: str) -> None:
  if text.startswith("-"):
    raise ValueError("negative numbers are not allowed")
  try:
    number = int(text)
  except ValueError:
    named = _NAMES.get(text[:3].lower())
    if named is None:
      raise ValueError(f'"{text}" is neither a number nor a name such as "mon" or "jan"') from None
    number = named
  _in_range(field, number)


def _in_range(field: str, number: int) -> None:
  lowest, highest = RANGES[field]
  if not lowest <= number <= highest:
    hint = "; Sunday is 0" if field == "day_of_week" and number == 7 else ""
    raise ValueError(f"{number} is out of range {lowest}-{highest}{hint}")


def _is_number(value: Any) -> bool:
  return isinstance(value, int) and not isinstance(value, bool)
