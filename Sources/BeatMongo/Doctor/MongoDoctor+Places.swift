import BeatCore

/// Checks the collections: whether they are what a daemon takes them for, and who else works on the schedules.
extension MongoDoctor {
  package func examinePlaces() throws {
    let place = place
    let found = try client.ask { client throws(MongoError) in
      try client.documents(
        [
          "listCollections": 1,
          "filter": [
            "name": ["$in": .array(([place.schedules, place.edits] + place.ownCollections).map { .text($0) })]
          ],
          "cursor": ["batchSize": 100],
        ], on: place.database)
    }
    let before = findings.count
    for collection in found { examine(collection) }
    try examineIndex()
    if findings.count == before {
      findings.add(
        .ok, "collections", "\(place.database).\(place.schedules) and the daemon's own collections are usable")
    }
    try examineOtherSchedulers()
  }

  private func examine(_ collection: BSONDocument) {
    guard let name = collection["name"]?.text else { return }
    let whole = "\(place.database).\(name)".printable
    let type = collection["type"]?.text ?? "collection"
    let options = collection["options"]
    let isOwn = name != place.schedules
    let rename = shell("\(MongoShell.collection(name)).renameCollection(\(JSONText.string("\(name).foreign")))")
    if type != "collection" {
      findings.add(
        .problem, "collections", "\(whole) is a \(type.printable), and takes no changes as a collection does",
        fix: isOwn ? shell("\(MongoShell.collection(name)).drop()") : "name the collection behind it")
    } else if options?["capped"]?.bool == true {
      findings.add(
        .problem, "collections", "\(whole) is capped: the server throws its oldest documents away and lets none grow",
        fix: isOwn
          ? rename
          : "copy it into one that is not, and name that one: "
            + shell("\(MongoShell.collection(name)).aggregate([{$out: \(JSONText.string("\(name)_new"))}])"))
    } else if options?["collation"] != nil, options?["collation"]?["locale"]?.text != "simple" {
      findings.add(
        isOwn ? .problem : .warning, "collections",
        "\(whole) has a collation: names that differ in their bytes may be one name there",
        fix: isOwn ? rename : "make the collection anew without a collation, if names differ in case or accents only")
    }
    if options?["validator"] != nil {
      findings.add(
        isOwn ? .problem : .warning, "collections",
        "\(whole) has a validator: what it forbids is not written, such as last_run_at and total_run_count",
        fix: isOwn
          ? shell("db.runCommand({collMod: \(JSONText.string(name)), validator: {}})")
          : "let it allow last_run_at, total_run_count and run_immediately in any form")
    }
  }

  private func examineIndex() throws {
    let place = place
    let isThere = try client.ask { client throws(MongoError) in try NameIndex.isThere(place, client) }
    guard !isThere else { return }
    findings.add(
      .warning, "index", "schedules are found by their names without an index, which is slow where they are many",
      fix: "a daemon makes one at its start if it may; else: " + shell(NameIndex.script(place)))
  }

  private func examineOtherSchedulers() throws {
    let place = place
    let look = try client.ask { client throws(MongoError) in try OtherSchedulers(place, by: client) }
    if let first = look.moving.first {
      let others = look.moving.count - 1
      findings.add(
        .warning, "scheduler",
        "another scheduler \(look.moving.count > 1 ? "very probably" : "may be") at work here: last_run_at of \(first)"
          + (others > 0 ? " and \(Plural.of(others, "other schedule"))" : "")
          + " is of the last quarter of an hour, and no run of ours (a client that sets last_run_at looks the same); what "
          + "both run is sent twice",
        fix: "stop the other one (celery beat with celerybeat-mongo or celery-mongobeat), and look again after 15 min")
    }
    if let leftOut = try client.leftOut() {
      findings.add(
        .warning, "scheduler", leftOut.words,
        fix: "those that are not to run: \(ShellWords.command("disable", leftOut.names.first ?? EntryName("NAME")))")
    }
  }
}
