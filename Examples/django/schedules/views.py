"""The page on which administrators see and change the schedules. The daemon hears each change at once."""

from __future__ import annotations

from typing import Optional

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from reactivebeat import Document, NoDaemon, NotFound, Owner, Rejected, Saving

from .beat import PROBLEMS, beat, changes_are_reset
from .forms import ScheduleForm

#: Seconds for which a page waits for the daemon.
PATIENCE = 5.0


@staff_member_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
  try:
    owners, documents = beat().owners(), {document.name: document for document in beat().list()}
    rows = []
    for state in beat().states():
      owner = owners.get(state.name)
      rows.append({"state": state, "owner": owner, "changed": changed(owner, documents.get(state.name))})
  except PROBLEMS as error:
    return page(request, "list", {"title": "Schedules", "problem": error}, status=503)
  return page(request, "list", {"title": "Schedules", "rows": rows})


@staff_member_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
  return edited(request, ScheduleForm(request.POST or None), {"title": "A new schedule"})


@staff_member_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest) -> HttpResponse:
  name = request.GET.get("name", "")
  try:
    document, owner = beat().get(name), beat().owners().get(name)
    document.data.decode()  # One that is no UTF-8 can neither be shown, nor used by a daemon.
  except NotFound as error:
    raise Http404(str(error)) from None
  except (*PROBLEMS, UnicodeDecodeError) as error:
    messages.error(request, f"{name}: {error}")
    return redirect("schedules:index")
  return edited(request, ScheduleForm(request.POST or None, document), {
    "title": name, "owner": owner, "changed": changed(owner, document), "changes_are_reset": changes_are_reset()})


@staff_member_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
  name, action = request.POST.get("name", ""), request.POST.get("action")
  try:
    schedule = beat()[name]
    if action == "enable":
      tell(request, schedule.enable())
    elif action == "disable":
      tell(request, schedule.disable())
    elif action == "run":
      messages.success(request, f"{name} was sent, as the task {schedule.fire(PATIENCE)}.")
    elif action == "delete":
      schedule.delete()
      messages.success(request, f"{name} is deleted.")
    else:
      return HttpResponseBadRequest("no such action")
  except PROBLEMS as error:
    messages.error(request, str(error))
  return redirect("schedules:index")


def edited(request: HttpRequest, form: ScheduleForm, context: dict[str, object]) -> HttpResponse:
  if request.method == "POST" and form.is_valid():
    saving = form.save()
    if saving is not None:
      tell(request, saving)
      return redirect("schedules:index")
  return page(request, "form", {"form": form, **context})


def page(request: HttpRequest, name: str, context: dict[str, object], status: int = 200) -> HttpResponse:
  """A page in the looks of the admin site."""
  site = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False}
  return render(request, f"schedules/{name}.html", {**site, **context}, status=status)


def tell(request: HttpRequest, saving: Saving) -> None:
  """What the daemon says of a change."""
  name = saving.document.name
  try:
    receipt = saving.wait(PATIENCE)
  except NoDaemon as error:
    messages.warning(request, str(error))
  except Rejected as error:  # The daemon knows better than the check: it has other options, for example.
    messages.error(request, f"It is saved, and set aside: {error}")
  else:
    due = f"it runs next at {localtime(receipt.next):%Y-%m-%d %H:%M:%S %Z}" if receipt.next else "it does not run"
    messages.success(request, f"{name} is in force: {due}.")
    for warning in receipt.warnings:
      messages.warning(request, f"{name}: {warning}")


def changed(owner: Optional[Owner], document: Optional[Document]) -> list[str]:
  """What people have changed in a schedule of the code."""
  return owner.changed(document) if owner is not None and document is not None else []
