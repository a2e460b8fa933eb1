"""Editors at the same time: of those who have seen one document, one wins, and no edit is lost without a word."""

import json
import threading

from register import attack
from webstage import document, id_of


def together(works):
  """Runs the works at the same moment; returns their results."""
  results = [None] * len(works)
  gate = threading.Barrier(len(works))

  def run(place):
    gate.wait()
    try:
      results[place] = works[place]()
    except Exception as error:  # It is judged with the others.
      results[place] = error

  threads = [threading.Thread(target=run, args=(place, )) for place in range(len(works))]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  return results


def statuses(results):
  return [getattr(result, "status", result) for result in results]


@attack("20 savers of one document: one wins each round", "races")
def savers(a):
  """Two pages, two processes: exactly one of twenty is told 200, the others 409 with what is stored now."""
  stage = a.stage
  id = stage.put("raced", document("raced"))
  editors = [stage.editor("open") if n % 2 else stage.logged_in("anna") for n in range(20)]
  for round in range(4 if a.is_short else 20):
    digest = editors[0].get(f"/api/v1/schedules/{id}").json["digest"]
    results = together([
      lambda n=n: editors[n].call("PUT", f"/api/v1/schedules/{id}",
                                  {"document": document("raced", args=[round, n]), "seen": digest}) for n in range(20)
    ])
    found = statuses(results)
    a.holds(found.count(200) == 1 and found.count(409) == 19, f"round {round}: {sorted(map(str, found))}")
    winners = [n for n, status in enumerate(found) if status == 200]
    stored = json.loads(stage.stored("raced"))["args"]
    a.holds([round, winners[0]] == stored if winners else True,
            f"round {round}: {winners} was told, {stored} is stored")
    lost = next((r for r in results if getattr(r, "status", 0) == 409), None)
    a.holds(lost is None or json.loads(lost.json["current"]["document"])["args"] == stored,
            f"round {round}: a conflict shows something else")
    if lost is not None and lost.json:
      a.holds(lost.json["current"]["digest"] == editors[0].get(f"/api/v1/schedules/{id}").json["digest"],
              "a conflict's digest is not the stored one")
  stage.remove("raced")


@attack("20 makers, deleters and renamers at once", "races")
def makers(a):
  """One name is made once; a deleted one is deleted once; two renames of one schedule, and of two to one name, have one
  winner."""
  stage = a.stage
  editors = [stage.editor("open") if n % 2 else stage.logged_in("anna") for n in range(20)]
  rounds = 3 if a.is_short else 12
  for round in range(rounds):
    found = statuses(
      together([
        lambda e=e: e.call("POST", "/api/v1/schedules", {"name": "made", "document": document("made")}) for e in editors
      ]))
    a.holds(found.count(201) == 1 and found.count(409) == 19, f"makers: {sorted(map(str, found))}")
    id = id_of("made")
    digest = editors[0].get(f"/api/v1/schedules/{id}").json["digest"]
    found = statuses(
      together([lambda e=e: e.call("DELETE", f"/api/v1/schedules/{id}", {"seen": digest}) for e in editors]))
    a.holds(
      found.count(204) >= 1 and all(status in (204, 404, 409) for status in found),
      f"deleters: {sorted(map(str, found))}")
    a.holds(stage.stored("made") is None, "a deleted schedule is there")
    # Renames of one to many names.
    id = stage.put("one", document("one"))
    found = statuses(
      together([
        lambda e=e, n=n: e.call("POST", f"/api/v1/schedules/{id}/rename", {"name": f"to-{n}"})
        for n, e in enumerate(editors)
      ]))
    there = [n for n in range(20) if stage.stored(f"to-{n}") is not None]
    a.holds(
      found.count(200) == 1 and len(there) == 1, f"renames of one: {found.count(200)} done, {len(there)} are there")
    stage.remove("one", *(f"to-{n}" for n in range(20)))
    # Renames of many to one name.
    for n in range(20):
      stage.put(f"from-{n}", document(f"from-{n}"))
    found = statuses(
      together([
        lambda e=e, n=n: e.call("POST", f"/api/v1/schedules/{id_of(f'from-{n}')}/rename", {"name": "target"})
        for n, e in enumerate(editors)
      ]))
    left = [n for n in range(20) if stage.stored(f"from-{n}") is not None]
    a.holds(
      found.count(200) == 1 and len(left) == 19 and stage.stored("target") is not None,
      f"renames to one: {found.count(200)} done, {len(left)} left")
    stage.remove("target", *(f"from-{n}" for n in range(20)))
    # Deleting, renaming, saving and running at once: nothing is doubled.
    id = stage.put("both", document("both"))
    digest = editors[0].get(f"/api/v1/schedules/{id}").json["digest"]
    works = [lambda e=e: e.call("DELETE", f"/api/v1/schedules/{id}", {"seen": digest}) for e in editors[:7]]
    works += [lambda e=e: e.call("POST", f"/api/v1/schedules/{id}/rename", {"name": "moved"}) for e in editors[7:14]]
    works += [
      lambda e=e: e.call("PUT", f"/api/v1/schedules/{id}", {"document": document("both", args=[1]), "seen": digest})
      for e in editors[14:]
    ]
    found = statuses(together(works))
    a.holds(all(status in (200, 204, 404, 409) for status in found), f"all at once: {sorted(map(str, found))}")
    a.holds(found[7:14].count(200) <= 1 and found[14:].count(200) <= 1, f"all at once: {found}")
    kept = [stage.stored(name) is not None for name in ("both", "moved")]
    a.holds(sum(kept) <= 1, f"a schedule was doubled: {kept}, {found}")
    stage.remove("both", "moved")


@attack("enable and disable, in bulk and alone, by 20 at once", "races")
def toggled(a):
  """Every answer is true for some moment, and the document stays whole."""
  stage = a.stage
  names = [f"t-{n}" for n in range(10)]
  ids = [stage.put(name, document(name, args=[name])) for name in names]
  editors = [stage.editor("open") for _ in range(20)]
  for _ in range(2 if a.is_short else 8):
    works = [lambda e=e: e.call("POST", "/api/v1/bulk", {"action": "disable", "ids": ids}) for e in editors[:5]]
    works += [lambda e=e: e.call("POST", "/api/v1/bulk", {"action": "enable", "ids": ids}) for e in editors[5:10]]
    works += [
      lambda e=e, n=n: e.call("POST", f"/api/v1/schedules/{ids[n]}/{'enable' if n % 2 else 'disable'}")
      for n, e in enumerate(editors[10:])
    ]
    found = statuses(together(works))
    a.holds(all(status in (200, 409, 429) for status in found), f"{sorted(map(str, found))}")
    for name in names:
      kept = json.loads(stage.stored(name))
      a.holds(kept["args"] == [name] and isinstance(kept["enabled"], bool), f"{name} is no longer whole: {kept}")
  stage.remove(*names)
