import BeatCore
import BeatLoop
import Glibc

/// Runs by hand: the request to a daemon, and its answer.
extension MongoStoreClient {
  /// How often a client looks for its answer; microseconds.
  private static let pause: UInt32 = 50_000

  /// Asks the leading daemon for one run now, and waits for its answer.
  ///
  ///     request stored -> answered: fired or refused
  ///                    -> the time has passed, or interrupted -> withdrawn: unanswered
  ///                                                           -> a daemon has it already: its answer, or late
  package func fire(
    _ name: EntryName, within microseconds: Int64, isInterrupted: () -> Bool
  ) throws(StoreError) -> ManualAnswer {
    let id = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    let request = ManualRequest(name, deadline: try time().advanced(by: microseconds))
    let place = schedules
    let start = BootClock.now()
    do throws(StoreError) {
      try ask { client throws(MongoError) in try RequestDocument.insert(request, id, place, client) }
      while !isInterrupted(), BootClock.now().microseconds(since: start) < microseconds {
        switch try ask({ client throws(MongoError) in try RequestDocument.answer(id, place, client) }) {
        case .given(let answer): return answer
        // A daemon that has found it after its deadline has removed it.
        case .gone: return .late
        case .open: usleep(Self.pause)
        }
      }
      return try withdraw(id)
    } catch {
      // The request may be there, and this user may not read answers: it is removed, as no run may happen unreported.
      if error.kind != .unreachable { _ = try? withdraw(id) }
      throw error
    }
  }

  private func withdraw(_ id: String) throws(StoreError) -> ManualAnswer {
    let place = schedules
    return try ask { client throws(MongoError) in
      if try RequestDocument.isWithdrawn(id, place, client) { return .unanswered }
      if case .given(let answer) = try RequestDocument.answer(id, place, client) { return answer }
      return .late
    }
  }
}

/// The document of one request, as its sender sees it. See `MongoManualRequests`.
private enum RequestDocument {
  enum Answer {
    case open
    case gone
    case given(ManualAnswer)
  }

  static func insert(
    _ request: ManualRequest, _ id: String, _ place: MongoPlace, _ client: MongoClient
  ) throws(MongoError) {
    try client.write(
      [
        "insert": .text(place.marks), "writeConcern": WriteConcern.majority,
        "documents": [
          [
            "_id": ["request": .text(id)], "entry": request.entry.asBSON, "request": .binary(request.bytes),
            "deadline": .int64(ServerTime.milliseconds(request.deadline)),
          ]
        ],
      ], on: place.database
    ).requireNoError()
  }

  static func answer(_ id: String, _ place: MongoPlace, _ client: MongoClient) throws(MongoError) -> Answer {
    let found = try client.documents(
      [
        "find": .text(place.marks), "filter": ["_id": ["$eq": ["request": .text(id)]]], "projection": ["answer": true],
        "limit": 1, "readConcern": ["level": "majority"],
      ], on: place.database)
    guard let document = found.first else { return .gone }
    return document["answer"]?.utf8.map { .given(ManualAnswer(String(decoding: $0, as: UTF8.self))) } ?? .open
  }

  /// Removes the request unless a daemon has answered it.
  static func isWithdrawn(_ id: String, _ place: MongoPlace, _ client: MongoClient) throws(MongoError) -> Bool {
    let reply = try client.run(
      [
        "findAndModify": .text(place.marks),
        "query": ["_id": ["$eq": ["request": .text(id)]], "answer": ["$exists": false]], "remove": true,
        "fields": ["_id": true], "writeConcern": WriteConcern.majority,
      ], on: place.database)
    return reply["lastErrorObject"]?["n"]?.integer == 1
  }
}

extension ManualAnswer {
  /// `fired <the task's id>` or `refused <reason>`.
  fileprivate init(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let tail = words.count > 1 ? String(words[1]) : ""
    self = words.first == "fired" ? .fired(tail.printable) : .refused(tail.printable)
  }
}
