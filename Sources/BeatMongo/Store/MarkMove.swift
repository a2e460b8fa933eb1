import BeatCore

/// The note in a mark that its schedule is being renamed: `moved: {to: <the new name>, until: <Long, milliseconds>}`.
/// While it stands nothing fires under the old name, and readers find no schedule there. If the client that renames dies,
/// the note runs out, and the schedule goes on under the old name.
enum MarkMove {
  /// How long a rename may take; milliseconds.
  static let duration: Int64 = 2000

  /// The condition on a mark that its note has not run out, by the server's clock. A note that lasts longer than any
  /// rename was not made by one.
  static let isUnderWay: BSON = [
    "$and": [
      Expression.isWhole("moved.until"), ["$gt": ["$moved.until", ServerTime.now]],
      ["$lte": ["$moved.until", ["$add": [ServerTime.now, .int64(10 * duration)]]]],
    ]
  ]

  /// Takes notes out that have run out: otherwise no daemon could fire these schedules. A user who may not write here
  /// leaves it to others.
  static func forgetOld(_ marks: [EntryName: StoredMark], in place: MongoPlace, by client: MongoClient)
    throws(MongoError)
  {
    let names = marks.filter { $0.value.hasOldMove }.keys
    guard !names.isEmpty else { return }
    do throws(MongoError) {
      _ = try client.write(
        [
          "update": .text(place.marks), "writeConcern": WriteConcern.one,
          "updates": [
            [
              "q": [
                "_id": ["$in": .array(names.map { .string($0.bytes) })], "moved": ["$exists": true],
                "$expr": Expression.not(isUnderWay),
              ],
              "u": ["$unset": ["moved": true]], "multi": true,
            ]
          ],
        ], on: place.database)
    } catch {
      if !error.isOfOurRights { throw error }
    }
  }
}
