import BeatCore

/// How many messages wait in the outbox, and since when the oldest does, as far as the leading daemon knows. Items of the
/// outbox carry no time.
///
/// The number is that of the last read, and what was put and taken out since then. The oldest message counts from when
/// it was put into the empty outbox. If it was not empty, it counts from when this daemon first knew that the message was
/// there, so that it may have waited longer. The age never grows by messages that have left.
struct OutboxGauge {
  /// nil: the outbox has not been read yet.
  private(set) var count: Int?
  /// nil: the outbox is empty, or has not been read yet.
  private(set) var oldestSince: BootTime?
  /// The oldest message; nil: it has not been read.
  private var head: OutboxHandle?
  /// When the outbox was read last, and how many of the messages that it held then are still there.
  private var readAt = BootTime(microseconds: 0)
  private var remaining = 0
  /// When the first message was put after that; nil: none was.
  private var firstPut: BootTime?

  /// Takes in an answer of the outbox.
  ///
  /// - Parameter first: the oldest message; nil: it was not read.
  mutating func read(count new: Int, first: OutboxHandle?, at now: BootTime) {
    if new == 0 {
      (oldestSince, head) = (nil, nil)
    } else if let first, first != head {
      // Somebody else has taken the head out, or the outbox was not empty when it was first read.
      if head != nil || oldestSince == nil { oldestSince = now }
      head = first
    } else if oldestSince == nil {
      oldestSince = now
    }
    (count, remaining) = (new, new)
    (readAt, firstPut) = (now, nil)
  }

  /// A fire has put one more message in.
  mutating func put(at now: BootTime) {
    guard let count else { return }
    if count == 0 { (oldestSince, head) = (now, nil) }
    if firstPut == nil { firstPut = now }
    self.count = count + 1
  }

  /// A message has left: it was delivered or set aside.
  mutating func left(_ handle: OutboxHandle, at now: BootTime) {
    guard let count, count > 0 else { return }
    self.count = count - 1
    remaining = max(0, remaining - 1)
    if count == 1 {
      (oldestSince, head) = (nil, nil)
    } else if handle == head {
      head = nil
      // The next one was there at the last read, or was put later.
      oldestSince = remaining > 0 ? readAt : firstPut ?? now
    }
  }
}
