extension Scheduler {
  /// What happens to the scheduler: its whole input.
  package enum Event {
    /// The store was emptied, or is another one than before. What it says about a run may be older than what this
    /// process knows. It comes before the documents of the load that follows.
    case storeReplaced
    /// Edits are detected from here on, and a full load begins. Nothing fires until it has finished. Messages
    /// are made for the delivery of the store's session.
    case loadStarted(Delivery)
    /// A read of all documents begins, while the scheduler goes on firing.
    case refreshStarted
    /// A document with its watermark was read. The events come in the order of the store's answers.
    case read(EntryName, DocumentRead)
    /// The load has read every document that existed during the whole of it.
    case loadFinished
    /// A change of a document was detected, of whatever kind. What is known of the document may be out of date.
    case touched(EntryName)
    case timerFired
    /// This daemon has become the leader, or is no longer. It takes in every edit in both cases.
    case leadershipChanged(Bool)
    /// The wall clock was set by this many microseconds; negative: back.
    case clockStepped(by: Int64)
    /// A reply with the store's time has come. `now` is right, to within the time of a reply.
    case clockTold
    /// The zone rules, the rules for routes, or what the application says may have changed.
    case documentsChanged(DocumentContext)
    /// Messages may be made otherwise than before. Every document is read as before.
    case sendingChanged(DocumentContext)
    /// The cause of refusals may be over, such as an outbox that was full.
    case obstacleGone
    /// This many messages wait in the outbox, without the deferred ones. nil: the broker takes none, or no message goes
    /// through the outbox.
    case relayed(waiting: Int?)
    case fireEnded(FirePlan, FireOutcome)
    /// The connection to the store has ended. Known schedules stay, and nothing fires until the next load has finished.
    case disconnected
  }

  /// One document as it was stored, with the entry's watermark of the same moment.
  package struct DocumentRead {
    package enum Content {
      case absent
      /// The store holds something else than a document, and the store itself can tell.
      case unusable(UnusableContent)
      /// The document has about this many bytes, more than are read.
      case tooLong(Int)
      case document([UInt8])
    }
    package var content: Content
    package var watermarkState: WatermarkState

    package init(_ content: Content, watermark: Watermark?) {
      self.init(content, watermark.map { .read($0) } ?? .absent)
    }

    package init(_ content: Content, _ watermarkState: WatermarkState) {
      self.content = content
      self.watermarkState = watermarkState
    }

    /// The watermark; nil: there is none, or none that can be read.
    package var watermark: Watermark? { watermarkState.watermark }

    /// Why a document of `length` bytes is not read: one text for everything that refuses it.
    package static func excess(_ length: Int, most: Int) -> String {
      "is \(Plural.of(length, "byte")) long, and at most \(most) are read"
    }
  }
}
