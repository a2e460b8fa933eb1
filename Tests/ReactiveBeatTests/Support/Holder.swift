import Synchronization

/// Holds an object that a callback refers to before the object exists.
final class Holder<Value> {
  var value: Value?
}

/// A value that two threads of a test share.
final class Holding<Value: Sendable>: Sendable {
  private let shared: Mutex<Value>

  init(_ value: Value) { shared = Mutex(value) }

  var value: Value { shared.withLock { $0 } }
  func change(_ body: (inout Value) -> Void) { shared.withLock { body(&$0) } }
}
