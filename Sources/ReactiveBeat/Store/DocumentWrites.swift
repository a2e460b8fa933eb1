import BeatCore

/// What became of a document that was to be written.
public enum WriteOutcome: Sendable, Hashable {
  /// There was none of the name.
  case created
  /// It took the place of another one.
  case replaced
  /// It stood there already, perhaps with newer dates of the daemon.
  case same
  /// Another one stands there, and stays.
  case differs
  /// The key holds another Redis type, and stays.
  case wrongType
}

extension StoreClient {
  /// How many documents are written, or looked at, in one round trip.
  public static let page = 200

  /// What writing them would come to; at most a page.
  public func outlook(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome] {
    let replies = try self.replies(to: documents.map { RedisCommand("GET", keys.document($0.name)) })
    var outcomes: [WriteOutcome] = []
    for (reply, (_, document)) in zip(replies, documents) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        outcomes.append(.wrongType)
      } else if let stored = reply.bytes {
        let isSame = replacing ? stored == document : ScheduleDocument.differInBookkeepingOnly(stored, document)
        outcomes.append(isSame ? .same : replacing ? .replaced : .differs)
      } else {
        outcomes.append(.created)
      }
    }
    return outcomes
  }

  /// Writes documents, at most a page, each of them whole or not at all. What stands there is overwritten only by
  /// `replacing`.
  ///
  /// - Parameter done: told of each that is settled, by its index, also when an error follows.
  public func write(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool, done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    var outlook: [WriteOutcome] = []
    var open = Array(documents.indices)
    if replacing {
      // What is there already, or must not be touched, is not written.
      outlook = try self.outlook(documents, replacing: true)
      open.removeAll { outlook[$0] == .same || outlook[$0] == .wrongType }
      for index in documents.indices where outlook[index] == .same || outlook[index] == .wrongType {
        done(index, outlook[index])
      }
    }
    let replies = try self.replies(
      to: open.map { index in
        var command = RedisCommand("SET", keys.document(documents[index].name), documents[index].document)
        if !replacing { command.append("NX") }
        return command
      })
    var failure: RedisServerError?
    var standing: [Int] = []
    for (reply, index) in zip(replies, open) {
      if let error = reply.error {
        failure = failure ?? error
      } else if reply.isOK {
        done(index, replacing ? outlook[index] : .created)
      } else {
        standing.append(index)
      }
    }
    if let failure { throw StoreError(failure, from: url) }
    let found = try self.outlook(standing.map { documents[$0] }, replacing: false)
    for (outcome, index) in zip(found, standing) {
      // Deleted since it was in the way: it is somebody else's turn.
      done(index, outcome == .created ? .differs : outcome)
    }
  }

  /// Documents as they are, whatever their length; nil for one that is gone. A key of another type is told to `skipped`.
  public func contents(
    _ names: [EntryName], skipped: (EntryName) -> Void
  ) throws(StoreError) -> [[UInt8]?] {
    let replies = try self.replies(to: names.map { RedisCommand("GET", keys.document($0)) })
    var contents: [[UInt8]?] = []
    for (reply, name) in zip(replies, names) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        skipped(name)
      }
      contents.append(reply.error == nil ? reply.bytes : nil)
    }
    return contents
  }
}
