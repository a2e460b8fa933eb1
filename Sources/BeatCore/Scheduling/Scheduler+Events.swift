extension Scheduler {
  /// What happens to the scheduler; its whole input.
  package enum Event {
    /// The store was emptied, or is another one than before: what it says of a run may be older than what we know.
    /// Comes before the documents of the load that follows.
    case storeReplaced
    /// Events are being heard from here on, and a full load begins. Nothing fires until it has finished.
    case loadStarted
    /// All documents are read once more, while everything goes on.
    case refreshStarted
    /// A document with its watermark, in the order in which the store answered.
    case read(EntryName, DocumentRead)
    /// Each key that stood there during the whole load has been read.
    case loadFinished
    /// A change of a document was heard: what is known of it may be out of date, whatever the change was.
    case touched(EntryName)
    case timerFired
    /// This daemon is the one that fires, or no longer; it keeps up with every edit in both cases.
    case leadershipChanged(Bool)
    /// The wall clock was set, by so many microseconds; negative: back.
    case clockStepped(by: Int64)
    /// The store has told its time: `now` is right, to within an answer's time.
    case clockTold
    /// Zone rules were read anew.
    case documentsChanged(DocumentContext)
    /// What made refusals may be over, such as an outbox that was full.
    case obstacleGone
    /// So many messages wait in the outbox, without those that are held back there; nil: the broker takes none, or
    /// nothing goes by the outbox.
    case relayed(waiting: Int?)
    case fireEnded(FirePlan, FireOutcome)
    /// The store cannot be heard any more. Known schedules stay, unfired, until the next load has finished.
    case disconnected
  }

  /// One document as it stood in the store, with the entry's watermark of the same moment.
  package struct DocumentRead {
    package enum Content {
      case absent
      /// What stands there is no document, as the store itself can tell.
      case unusable(UnusableContent)
      /// Bytes; more than are read.
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

    /// nil: there is none, or none that can be read.
    package var watermark: Watermark? { watermarkState.watermark }

    /// Why a document of so many bytes is not read, for all who refuse it.
    package static func excess(_ length: Int, most: Int) -> String {
      "is \(Plural.of(length, "byte")) long, and at most \(most) are read"
    }
  }
}
