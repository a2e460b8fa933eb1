import BeatCore

/// What the work of one session needs to know, on any thread.
struct MongoSessionContext: Sendable {
  let place: MongoPlace
  /// The random name of this process.
  let instance: String
  /// The order of the messages of this session.
  let sequence: MongoSequence
  /// The most messages that may wait in the outbox.
  let outboxLimit: Int
  let history: HistoryEntries
  let maximumDocumentLength: Int
  /// How far ahead of the server's clock a fire is accepted; microseconds.
  let maximumLead: Int64
  /// What this session has written into schedules.
  let ownWrites: OwnWrites
  let written = WrittenFires()
  /// The room in the outbox.
  let room: OutboxRoom
}
