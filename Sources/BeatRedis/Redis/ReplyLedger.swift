import BeatCore
internal import CHiredisAsync
import Glibc

/// Which replies the server owes on one connection, and how much memory the reply that is being read takes.
///
/// hiredis trusts its server. It ends the process (`assert`) where a reply belongs to no request or a push has another
/// shape than it expects. It reads past the end of short pushes, and keeps any amount of data. So its reader asks this
/// ledger before and after it makes an object (`GuardedReplies`), and a refusal ends the connection before hiredis acts
/// on the reply.
final class ReplyLedger {
  private struct Subscription {
    let isPattern: Bool
    let name: [UInt8]

    func isFor(_ bytes: UnsafeBufferPointer<UInt8>, pattern: Bool) -> Bool {
      isPattern == pattern && name.count == bytes.count
        && bytes.baseAddress.map { memcmp($0, name, bytes.count) == 0 } ?? true
    }
  }

  /// Why the connection must end. The first reason stays.
  private(set) var breach: ReplyBreach?

  /// hiredis' own list of callbacks says whether a reply is owed, so that this ledger cannot disagree with it. The
  /// pointer is valid while the context's reader reads.
  private var context: UnsafeMutablePointer<redisAsyncContext>?
  /// Subscriptions that the server has not confirmed yet.
  private var owed: [Subscription] = []
  private var confirmed: [Subscription] = []
  /// How many bytes the reply that is being read takes: its data, and room for each object.
  private(set) var taken = 0

  /// The bytes of an object without its data: hiredis' 64 with the allocator's share, and its place in the copy.
  private static let object = 104
  /// The bytes that hiredis and the copy add for a string.
  private static let string = 48
  /// The bytes of one place in hiredis' array.
  private static let place = MemoryLayout<UnsafeRawPointer>.stride
  /// A string is in the reader's buffer, in hiredis' object and in the copy at the same time. An array's elements are
  /// not: their bytes leave the buffer one by one, and each is freed when it has been copied.
  private static let copies = 3

  /// From now on this context's reader asks this ledger. The ledger must live as long as the context.
  func watch(_ context: UnsafeMutablePointer<redisAsyncContext>) {
    self.context = context
    if let reader = context.pointee.c.reader { watch(reader) }
  }

  /// Watches a reader alone. Without a context no reply counts as unasked.
  func watch(_ reader: UnsafeMutablePointer<redisReader>) {
    guard let functions = GuardedReplies.functions else { return }
    reader.pointee.fn = functions
    reader.pointee.maxelements = Int64(Limit.replyElements.most)
    reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
  }

  /// Notes the subscriptions that the server is about to be asked for.
  func expect(_ names: [[UInt8]], pattern: Bool) {
    owed += names.map { Subscription(isPattern: pattern, name: $0) }
  }

  static func of(_ privdata: UnsafeMutableRawPointer?) -> ReplyLedger? {
    privdata.map { Unmanaged<ReplyLedger>.fromOpaque($0).takeUnretainedValue() }
  }

  private func refuse(_ breach: ReplyBreach) -> Bool {
    if self.breach == nil { self.breach = breach }
    return false
  }

  // MARK: before an object is made

  /// Whether a string may be made. All of its bytes have arrived.
  func admitsString(_ task: UnsafePointer<redisReadTask>, length: Int) -> Bool {
    guard begins(task, elements: nil), fits(length) else { return false }
    return takes(Self.object + Self.string + length)
  }

  /// Whether a number, a truth value or a nil may be made.
  func admitsScalar(_ task: UnsafePointer<redisReadTask>) -> Bool { begins(task, elements: nil) && takes(Self.object) }

  /// Whether an array may be made. None of its elements has arrived.
  func admitsArray(_ task: UnsafePointer<redisReadTask>, elements: Int) -> Bool {
    guard begins(task, elements: elements) else { return false }
    // hiredis applies its own limit to a map's pairs, so the elements are counted here.
    guard !Limit.replyElements.isExceeded(by: elements) else { return refuse(.excess(.replyElements, elements)) }
    var depth = 1
    var ancestor = task.pointee.parent
    while let parent = ancestor {
      depth += 1
      ancestor = parent.pointee.parent
    }
    // hiredis before 1.2.1 reads and frees replies of any depth, and frees them by recursion.
    guard !Limit.replyDepth.isExceeded(by: depth) else { return refuse(.excess(.replyDepth, depth)) }
    return takes(Self.object + elements * Self.place)
  }

  /// - Parameter elements: the count of an array's elements; nil: the object is no array.
  private func begins(_ task: UnsafePointer<redisReadTask>, elements: Int?) -> Bool {
    guard task.pointee.type != REDIS_REPLY_PUSH else { return refuse(.push) }
    guard task.pointee.parent == nil else { return true }
    taken = 0
    guard let context, context.pointee.replies.head == nil else { return true }
    // For an error that belongs to no request hiredis ends the connection itself, and keeps the server's words.
    if task.pointee.type == REDIS_REPLY_ERROR { return true }
    guard context.pointee.c.flags & REDIS_SUBSCRIBED != 0 else { return refuse(.unasked) }
    guard task.pointee.type == REDIS_REPLY_ARRAY, elements == 3 || elements == 4 else { return refuse(.unsubscribed) }
    return true
  }

  private func takes(_ bytes: Int) -> Bool {
    taken += bytes
    return Limit.replyLength.isExceeded(by: taken) ? refuse(.excess(.replyLength, taken)) : true
  }

  private func fits(_ length: Int) -> Bool {
    guard length > (Limit.replyLength.most - taken) / Self.copies else { return true }
    let (bytes, isTooMuch) = length.multipliedReportingOverflow(by: Self.copies)
    return refuse(.excess(.replyLength, isTooMuch ? length : max(bytes, bytes &+ taken)))
  }

  // MARK: when an object was made

  /// Whether the reply may go on; asked for each object. A push to a subscriber is checked when its last element has
  /// arrived, which is before hiredis looks at it.
  func accepts(_ task: UnsafePointer<redisReadTask>) -> Bool {
    guard let parent = task.pointee.parent, parent.pointee.parent == nil,
      task.pointee.idx == parent.pointee.elements - 1, let context, context.pointee.c.flags & REDIS_SUBSCRIBED != 0,
      context.pointee.replies.head == nil, let push = parent.pointee.obj
    else { return true }
    return isExpected(push.assumingMemoryBound(to: redisReply.self)) || refuse(.unsubscribed)
  }

  /// ["pmessage", pattern, channel, payload], ["message", channel, payload], ["psubscribe", pattern, count] or
  /// ["subscribe", channel, count] (redis.io: Pub/Sub, format of pushed messages).
  private func isExpected(_ push: UnsafeMutablePointer<redisReply>) -> Bool {
    guard let elements = push.pointee.element, let kind = elements[0], let name = elements[1], let third = elements[2],
      kind.pointee.type == REDIS_REPLY_STRING, name.pointee.type == REDIS_REPLY_STRING
    else { return false }
    if push.pointee.elements == 4 {
      return Self.text(kind, is: "pmessage") && third.pointee.type == REDIS_REPLY_STRING
        && elements[3]?.pointee.type == REDIS_REPLY_STRING && isSubscribed(name, pattern: true)
    }
    if Self.text(kind, is: "psubscribe") { return confirm(name, count: third, pattern: true) }
    if Self.text(kind, is: "subscribe") { return confirm(name, count: third, pattern: false) }
    // The payload of CLIENT TRACKING's messages is an array of keys, or nil.
    return Self.text(kind, is: "message") && isSubscribed(name, pattern: false)
      && [REDIS_REPLY_STRING, REDIS_REPLY_ARRAY, REDIS_REPLY_NIL].contains(third.pointee.type)
  }

  private func isSubscribed(_ name: UnsafeMutablePointer<redisReply>, pattern: Bool) -> Bool {
    let bytes = name.pointee.bytes
    return confirmed.contains { $0.isFor(bytes, pattern: pattern) }
  }

  private func confirm(
    _ name: UnsafeMutablePointer<redisReply>, count: UnsafeMutablePointer<redisReply>, pattern: Bool
  ) -> Bool {
    let bytes = name.pointee.bytes
    guard count.pointee.type == REDIS_REPLY_INTEGER,
      let index = owed.firstIndex(where: { $0.isFor(bytes, pattern: pattern) })
    else { return false }
    confirmed.append(owed.remove(at: index))
    return true
  }

  private static func text(_ reply: UnsafeMutablePointer<redisReply>, is word: StaticString) -> Bool {
    reply.pointee.len == word.utf8CodeUnitCount && memcmp(reply.pointee.str, word.utf8Start, reply.pointee.len) == 0
  }

  // MARK: while a reply is unfinished

  /// Whether the connection may wait for more, after everything that arrived was read. hiredis searches an unfinished
  /// line from its beginning at each read, and lets its buffer grow to any announced length.
  func awaits(_ reader: redisReader) -> Bool {
    let waiting = reader.len - reader.pos
    guard waiting > 0, reader.ridx >= 0, let task = reader.task[Int(reader.ridx)], let buffer = reader.buf else {
      return true
    }
    guard task.pointee.type == REDIS_REPLY_STRING || task.pointee.type == REDIS_REPLY_VERB else {
      return Limit.replyLine.isExceeded(by: waiting) ? refuse(.excess(.replyLine, waiting)) : true
    }
    // "$<length>\r\n": 19 digits reach the end of 64 bits.
    let head = UnsafeRawBufferPointer(start: buffer + reader.pos, count: min(waiting, 24))
    guard let end = head.firstIndex(of: UInt8(ascii: "\r")) else {
      return waiting < 24 ? true : refuse(.excess(.replyLine, waiting))
    }
    guard let length = Int(String(decoding: head[..<end], as: UTF8.self)), length > 0 else { return true }
    return fits(length)
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension ReplyLedger: Sendable {}
