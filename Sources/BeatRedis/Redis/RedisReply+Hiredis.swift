import BeatCore
internal import CHiredisAsync

extension RedisReply {
  /// Copies `reply`, and frees each element as soon as it has been copied, so that an array is never in memory twice.
  /// hiredis frees the rest when the callback returns.
  init(draining reply: UnsafeMutablePointer<redisReply>, depth: Int = 0) {
    let type = reply.pointee.type
    switch type {
    case REDIS_REPLY_STRING, REDIS_REPLY_VERB, REDIS_REPLY_BIGNUM:
      self = .string(Array(reply.pointee.bytes))
    case REDIS_REPLY_STATUS:
      self = .status(String(decoding: reply.pointee.bytes, as: UTF8.self).streamSafe)
    case REDIS_REPLY_ERROR:
      self = .error(RedisServerError(String(decoding: reply.pointee.bytes, as: UTF8.self).streamSafe))
    case REDIS_REPLY_INTEGER:
      self = .integer(reply.pointee.integer)
    case REDIS_REPLY_ARRAY, REDIS_REPLY_MAP, REDIS_REPLY_SET, REDIS_REPLY_PUSH, REDIS_REPLY_ATTR:
      // `ReplyLedger` refuses deeper replies when they arrive, so that this bounds the recursion only.
      guard depth < Limit.replyDepth.most else {
        self = .null
        return
      }
      let elements = UnsafeMutableBufferPointer(start: reply.pointee.element, count: reply.pointee.elements)
      self = .array(
        elements.indices.map { index in
          guard let element = elements[index] else { return .null }
          defer {
            elements[index] = nil
            freeReplyObject(element)
          }
          return RedisReply(draining: element, depth: depth + 1)
        })
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
