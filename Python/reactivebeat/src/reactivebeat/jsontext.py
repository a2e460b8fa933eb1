"""One JSON object as text, of which single fields are changed and every other byte stays.

Key order, white space, the spelling of numbers and fields that come twice are part of the text. It may hold what the
daemon takes beyond JSON, such as the mongo shell's `ISODate("…")`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, List, NamedTuple, Optional, Tuple

from .errors import InvalidSchedule

#: A field whose value is a text, a number or a word. Another character follows behind the latter two.
_MEMBER: Final = re.compile(
  r'[ \t\n\r]*("[^"\\\x00-\x1f]*")[ \t\n\r]*:[ \t\n\r]*("[^"\\\x00-\x1f]*"|[A-Za-z0-9_.+-]+(?=[,}]))')
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
#: What opens or ends a list or an object; brackets in strings are passed over.
_NESTING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
#: A number or a word, or a constructor of the mongo shell.
_SCALAR: Final = re.compile(r'(?:new[ \t]+)?[A-Za-z0-9_.+-]+(?:[ \t]*\((?:"(?:[^"\\]|\\.)*"|[^()"])*\))?')
#: More white space than this is no indentation, and would be written again with each field that is added.
_MOST_SPACE: Final = 128

Path = Tuple[str, ...]


class _Member(NamedTuple):
  key: str
  #: Where the key begins and ends, and its value.
  start: int
  key_end: int
  value: int
  end: int


class JSONText:
  """An object's text. Of fields of one name the last one counts, as in Python. A path leads through objects."""

  def __init__(self, text: str = "{}") -> None:
    """Raises InvalidSchedule if the text is no JSON object."""
    self.text = text
    self._members = _members(text)

  def copy(self) -> JSONText:
    copy = JSONText.__new__(JSONText)
    copy.text, copy._members = self.text, self._members
    return copy

  @property
  def keys(self) -> List[str]:
    """The names of the fields, each once, in their order."""
    return list(dict.fromkeys(member.key for member in self._members))

  def raw(self, *path: str) -> Optional[str]:
    """The JSON of a field's value; None if there is none."""
    member = self._find(path[0])
    value = self.text[member.value:member.end] if member is not None else None
    if value is None or len(path) == 1:
      return value
    return JSONText(value).raw(*path[1:]) if value.startswith("{") else None

  def has(self, *path: str) -> bool:
    """Whether a field is there and not null."""
    return self.raw(*path) not in (None, "null")

  def value(self, *path: str) -> Any:
    """A field's value; None if it is absent or null. Raises InvalidSchedule where it is no plain JSON."""
    raw = self.raw(*path)
    if raw is None:
      return None
    try:
      return json.loads(raw)
    except (ValueError, RecursionError):  # Python follows some hundreds of brackets, each in the one before.
      raise InvalidSchedule(".".join(path), "is no plain JSON, and cannot be read here") from None

  def set(self, path: Path, value: str) -> None:
    """Gives a field this JSON: in the old one's place, or behind the last field, in its style."""
    member = self._find(path[0])
    if len(path) > 1:
      inner = JSONText(self.text[member.value:member.end]) if member is not None else JSONText()
      inner.set(path[1:], value)
      value = inner.text
    if member is not None:
      self._splice(member.value, member.end, value)
    else:
      self._append(path[0], value)

  def replace(self, key: str, new_key: str, value: str) -> None:
    """Puts another field in a field's place."""
    member = self._find(key)
    if member is None:
      return self.set((new_key,), value)
    between = self.text[member.key_end:member.value]
    self._splice(member.start, member.end, json.dumps(new_key) + between + value)

  def remove(self, path: Path) -> None:
    """Takes a field out, each one of its name: without the last one, the one before would count."""
    member = self._find(path[0])
    if member is None:
      return
    if len(path) > 1:
      value = self.text[member.value:member.end]
      if value.startswith("{"):
        inner = JSONText(value)
        inner.remove(path[1:])
        self._splice(member.value, member.end, inner.text)
      return
    while True:
      index = next((i for i, found in enumerate(self._members) if found.key == path[0]), None)
      if index is None:
        return
      found = self._members[index]
      if index > 0:
        self._splice(self._members[index - 1].end, found.end, "")
      elif len(self._members) > 1:
        self._splice(found.start, self._members[1].start, "")
      else:
        self._splice(found.start, found.end, "")

  def _find(self, key: str) -> Optional[_Member]:
    return next((member for member in reversed(self._members) if member.key == key), None)

  def _append(self, key: str, value: str) -> None:
    name = json.dumps(key, ensure_ascii=False)
    if not self._members:
      place = self.text.index("{") + 1
      return self._splice(place, place, f"{name}: {value}")
    last = self._members[-1]
    colon = self.text[last.key_end:last.value]
    before = self.text[:last.start]
    space = before[len(before.rstrip(" \t\r\n")):]
    if len(colon) > _MOST_SPACE:
      colon = ": "
    if len(space) > _MOST_SPACE or (len(self._members) == 1 and not space and len(colon) > 1):
      space = " "
    self._splice(last.end, last.end, f",{space}{name}{colon}{value}")

  def _splice(self, start: int, end: int, text: str) -> None:
    self.text = self.text[:start] + text + self.text[end:]
    self._members = _members(self.text)


def _members(text: str) -> List[_Member]:
  members: List[_Member] = []
  place = _skip_space(text, 0)
  if text[place:place + 1] != "{":
    raise _problem(text, place, "is not a JSON object; expected it to begin with '{'")
  place = _skip_space(text, place + 1)
  if text[place:place + 1] != "}":
    place -= 1
    while True:
      # A member with a plain value in one step, as most are.
      found = _MEMBER.match(text, place + 1)
      if found is not None:
        (start, key_end), (value, end) = found.span(1), found.span(2)
      else:
        start, key_end, value = _key(text, place + 1)
        end = _value_end(text, value)
      members.append(_Member(_name(text, start, key_end), start, key_end, value, end))
      place = _skip_space(text, end)
      separator = text[place:place + 1]
      if separator == "}":
        break
      if separator != ",":
        raise _problem(text, place, "expected ',' or '}'")
  rest = _skip_space(text, place + 1)
  if rest != len(text):
    raise _problem(text, rest, "something follows the end of the object")
  return members


def _key(text: str, start: int) -> Tuple[int, int, int]:
  """Where a key begins and ends, and where its value begins."""
  start = _skip_space(text, start)
  key = _STRING.match(text, start)
  if key is None:
    raise _problem(text, start, "expected a field's name in double quotes")
  colon = _skip_space(text, key.end())
  if text[colon:colon + 1] != ":":
    raise _problem(text, colon, "expected ':'")
  return start, key.end(), _skip_space(text, colon + 1)


def _name(text: str, start: int, end: int) -> str:
  written = text[start:end]
  if "\\" not in written:
    return written[1:-1]
  try:
    return str(json.loads(written))
  except ValueError:
    raise _problem(text, start, "is not a text") from None


def _value_end(text: str, start: int) -> int:
  if text[start:start + 1] in ("{", "["):
    open_ = []
    for token in _NESTING.finditer(text, start):
      bracket = token[0]
      if bracket in ("{", "["):
        open_.append(bracket)
      elif bracket in ("}", "]"):
        if open_.pop() + bracket not in ("{}", "[]"):
          raise _problem(text, token.start(), "this bracket ends nothing")
        if not open_:
          return token.end()
    raise _problem(text, start, "this bracket has no end")
  found = _STRING.match(text, start) or _SCALAR.match(text, start)
  if found is None:
    raise _problem(text, start, "expected a value")
  return found.end()


def _skip_space(text: str, start: int) -> int:
  found = _SPACE.match(text, start)
  return found.end() if found is not None else start


def _problem(text: str, place: int, message: str) -> InvalidSchedule:
  line = text.count("\n", 0, place) + 1
  column = place - (text.rfind("\n", 0, place) + 1) + 1
  return InvalidSchedule("", f"not a readable document, line {line} column {column}: {message}")
