/// The form in which a broker takes task messages.
///
/// A class's, since a value of any other type would make the scheduler one that is copied whole where a field is read.
package protocol MessageEnvelope: AnyObject, Sendable {
  func prepare(_ message: TaskMessage) -> any PreparedMessage
}

/// A message in the bytes that its broker takes. It is a class, since a template that holds it is copied at each fire.
package protocol PreparedMessage: AnyObject, Sendable {
  var bytes: [UInt8] { get }

  /// The same message for another task: what `prepare` would make of it but for the id, and cheaper. Of a timeless message
  /// it may be sent at any time.
  func bytes(for id: TaskID) -> [UInt8]
}
