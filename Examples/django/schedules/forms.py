"""The form of a schedule. What it shows, stores, and refuses."""

from __future__ import annotations

import datetime
from typing import Any, Optional, Union

from django import forms
from reactivebeat import Conflict, Document, Draft, InvalidSchedule, NotFound, Saving

from .beat import PROBLEMS, beat, task_names

#: The order of a line of cron.
CRON = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


class Overtaken(Exception):
  """Somebody else has changed a field since the form was shown."""

  def __init__(self, field: str, value: Any) -> None:
    super().__init__(field)
    self.field, self.value = field, value


class ScheduleForm(forms.Form):
  """A new schedule, or the change of one.

  A changed field (`changed_data`) is one that differs from what was shown: `show_hidden_initial` sends that along. Only
  changed fields are written, so two people who change different fields lose nothing, and who changes one that somebody
  else has changed since is told.
  """

  data: Any  # Django's forms have no types.

  name = forms.CharField(help_text="By it the schedule is known in Redis; it stays.")
  task = forms.ChoiceField(show_hidden_initial=True)
  when = forms.CharField(
    show_hidden_initial=True,
    help_text="Seconds, such as 90, or a line of cron, such as 30 2 * * mon-fri (minute, hour, day, month, weekday)")
  timezone = forms.CharField(
    required=False, show_hidden_initial=True, help_text="Such as Europe/Berlin; empty: the application's")
  kwargs = forms.JSONField(required=False, initial=dict, show_hidden_initial=True, help_text="The task's arguments")
  queue = forms.CharField(required=False, show_hidden_initial=True, help_text="Empty: where the application sends it")
  jitter = forms.FloatField(
    required=False, show_hidden_initial=True, help_text="Seconds by which a run is sent later, at random")
  enabled = forms.BooleanField(required=False, initial=True, show_hidden_initial=True)

  def __init__(self, data: Any = None, document: Optional[Document] = None) -> None:
    super().__init__(data, initial=shown(document) if document is not None else None)
    self.document = document
    tasks = task_names()
    if document is not None:
      del self.fields["name"]
      # A date, or a day of the year, is no line of cron: it is shown, and stays as it is.
      self.fields["when"].disabled = when_as_text(document) is None
      if document.task not in tasks:
        tasks.append(str(document.task))
    self.fields["task"].choices = [(name, name) for name in tasks]

  def clean_when(self) -> Any:
    text = self.cleaned_data["when"]
    try:
      return float(text)
    except ValueError:
      return text

  def save(self) -> Optional[Saving]:
    """Stores it. None: it was refused, and the errors stand at the fields."""
    try:
      if self.document is None:
        values = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        return beat().put(
          values.pop("name"), values.pop("task"), values.pop("when"), replace=False, check=True, **values)
      return beat().update(self.document.name, self.change, check=True)
    except InvalidSchedule as error:
      field = {"interval": "when", "crontab": "when"}.get(error.field.partition(".")[0], error.field)
      self.add_error(*(field, error.reason) if field in self.fields else (None, str(error)))
    except Overtaken as error:
      self.add_error(error.field, f"Somebody else has changed this meanwhile, to {error.value!r}: save again to "
                     "have yours, or take theirs.")
      # Whoever saves again has seen the other's value.
      self.data = self.data.copy()
      self.data[self.add_initial_prefix(error.field)] = self.fields[error.field].prepare_value(error.value)
    except Conflict as error:
      self.add_error("name" if self.document is None else None, str(error))
    except NotFound as error:
      self.add_error(None, f"{error}; somebody has deleted it meanwhile.")
    except PROBLEMS as error:
      self.add_error(None, str(error))
    return None

  def change(self, draft: Draft) -> None:
    """Carries the changes out on the document as it stands now. It is run again where somebody else was faster."""
    now = shown(draft)
    for name in self.changed_data:
      field, value = self.fields[name], self.cleaned_data[name]
      seen = field.hidden_widget().value_from_datadict(self.data, {}, self.add_initial_prefix(name))
      if field.has_changed(now[name], seen) and field.has_changed(now[name], self[name].data):
        raise Overtaken(name, now[name])
      setattr(draft, name, None if value == "" else value)


def shown(document: Union[Document, Draft]) -> dict[str, Any]:
  """A document's fields as the form has them."""
  when = when_as_text(document)
  return {
    "task": document.task, "when": str(document.when) if when is None else when, "timezone": document.timezone,
    "kwargs": document.kwargs or {}, "queue": document.queue, "jitter": document.jitter, "enabled": document.enabled}


def when_as_text(document: Union[Document, Draft]) -> Optional[str]:
  """Seconds, or a line of cron; empty for what cannot be read, and has to be mended; None: it is something else."""
  try:
    when = document.when
  except InvalidSchedule:
    return ""
  if when is None:
    return ""
  if isinstance(when, datetime.timedelta):
    return f"{when.total_seconds():.6f}".rstrip("0").rstrip(".")
  if not isinstance(when, dict) or not set(when) <= set(CRON):
    return None
  fields = [when.get(field, "*") for field in CRON]
  return " ".join(",".join(map(str, field)) if isinstance(field, list) else str(field) for field in fields)
