internal import CHiredisAsync

extension RedisReply {
  /// No reply to a command of ours is deeper than 3.
  static let deepest = 8

  /// Copies `reply`, which hiredis frees when the callback returns.
  init(copying reply: UnsafeMutablePointer<redisReply>, depth: Int = 0) {
    let type = reply.pointee.type
    switch type {
    case REDIS_REPLY_STRING, REDIS_REPLY_VERB, REDIS_REPLY_BIGNUM:
      self = .string(Array(reply.pointee.bytes))
    case REDIS_REPLY_STATUS:
      self = .status(String(decoding: reply.pointee.bytes, as: UTF8.self))
    case REDIS_REPLY_ERROR:
      self = .error(RedisServerError(String(decoding: reply.pointee.bytes, as: UTF8.self)))
    case REDIS_REPLY_INTEGER:
      self = .integer(reply.pointee.integer)
    case REDIS_REPLY_ARRAY, REDIS_REPLY_MAP, REDIS_REPLY_SET, REDIS_REPLY_PUSH, REDIS_REPLY_ATTR:
      guard depth < RedisReply.deepest else {
        self = .error(RedisServerError("ERR the reply is nested deeper than \(RedisReply.deepest) arrays"))
        return
      }
      let elements = UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements)
      self = .array(elements.map { $0.map { RedisReply(copying: $0, depth: depth + 1) } ?? .null })
    case REDIS_REPLY_DOUBLE:
      self = .double(reply.pointee.dval)
    case REDIS_REPLY_BOOL:
      self = .boolean(reply.pointee.integer != 0)
    default:
      self = .null
    }
  }
}

extension redisReply {
  /// The bytes of a string-like reply, valid during the callback.
  var bytes: UnsafeBufferPointer<UInt8> {
    let raw = UnsafeRawBufferPointer(start: str, count: str == nil ? 0 : len)
    return raw.assumingMemoryBound(to: UInt8.self)
  }
}

/// hiredis' own reply functions with a limit on nesting.
///
/// Before 1.2.1 hiredis parses and frees replies of any depth, the latter by recursion: a hostile or broken server
/// could overflow our stack. The limit is in the function that makes arrays; hiredis reports it as "Out of memory".
enum BoundedReplies {
  /// Arrays of more elements than this are refused too, before memory is taken for them.
  static let maximumElements: Int64 = 1 << 20
  /// Of an unfinished reply no more than this is kept. Of ours the longest is a page of 200 documents of 1 MiB each.
  static let maximumBytes = 256 << 20

  /// Filled once, never written or freed afterwards: all connections of all threads may read it.
  nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions>? = {
    guard let reader = redisReaderCreate() else { return nil }
    defer { redisReaderFree(reader) }
    guard let original = reader.pointee.fn else { return nil }
    let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    functions.initialize(to: original.pointee)
    functions.pointee.createArray = { task, count in BoundedReplies.makeArray(task, count) }
    return functions
  }()

  /// What `functions` replaces.
  private static let createArray: (@convention(c) (UnsafePointer<redisReadTask>?, Int) -> UnsafeMutableRawPointer?)? = {
    guard let reader = redisReaderCreate() else { return nil }
    defer { redisReaderFree(reader) }
    return reader.pointee.fn?.pointee.createArray
  }()

  private static func makeArray(_ task: UnsafePointer<redisReadTask>?, _ count: Int) -> UnsafeMutableRawPointer? {
    var depth = 0
    var ancestor = task?.pointee.parent
    while let parent = ancestor {
      depth += 1
      if depth >= RedisReply.deepest { return nil }
      ancestor = parent.pointee.parent
    }
    return createArray?(task, count)
  }
}
