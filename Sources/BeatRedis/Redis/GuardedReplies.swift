internal import CHiredisAsync

/// hiredis' own functions that make the objects of a reply. Each of them asks the connection's `ReplyLedger` first.
/// hiredis reports a refusal as "Out of memory"; the true reason is in the ledger's `breach`.
enum GuardedReplies {
  /// The table is filled once and never written or freed afterwards, so that all connections of all threads may read
  /// it.
  nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions>? = {
    guard let hiredis = GuardedReplies.hiredis else { return nil }
    let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    functions.initialize(to: hiredis)
    functions.pointee.createString = { task, text, length in
      GuardedReplies.make(task) {
        $0.admitsString($1, length: length)
      } by: {
        GuardedReplies.hiredis?.createString?(task, text, length)
      }
    }
    functions.pointee.createArray = { task, count in
      GuardedReplies.make(task) {
        $0.admitsArray($1, elements: count)
      } by: {
        GuardedReplies.hiredis?.createArray?(task, count)
      }
    }
    functions.pointee.createInteger = { task, value in
      GuardedReplies.make(task) {
        $0.admitsScalar($1)
      } by: {
        GuardedReplies.hiredis?.createInteger?(task, value)
      }
    }
    functions.pointee.createDouble = { task, value, text, length in
      GuardedReplies.make(task) {
        $0.admitsString($1, length: length)
      } by: {
        GuardedReplies.hiredis?.createDouble?(task, value, text, length)
      }
    }
    functions.pointee.createNil = { task in
      GuardedReplies.make(task) {
        $0.admitsScalar($1)
      } by: {
        GuardedReplies.hiredis?.createNil?(task)
      }
    }
    functions.pointee.createBool = { task, value in
      GuardedReplies.make(task) {
        $0.admitsScalar($1)
      } by: {
        GuardedReplies.hiredis?.createBool?(task, value)
      }
    }
    return functions
  }()

  /// hiredis' own functions, which those in `functions` call.
  private static let hiredis: redisReplyObjectFunctions? = {
    guard let reader = redisReaderCreate() else { return nil }
    defer { redisReaderFree(reader) }
    return reader.pointee.fn?.pointee
  }()

  /// The new object; nil: the ledger refuses it, or memory is short. An object that was made before a refusal already
  /// belongs to its parent, and hiredis frees it with the parent.
  private static func make(
    _ task: UnsafePointer<redisReadTask>?, if admits: (ReplyLedger, UnsafePointer<redisReadTask>) -> Bool,
    by create: () -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    guard let task, let ledger = ReplyLedger.of(task.pointee.privdata), admits(ledger, task), let object = create(),
      ledger.accepts(task)
    else { return nil }
    return object
  }
}
