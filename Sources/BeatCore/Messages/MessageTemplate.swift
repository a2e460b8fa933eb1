/// The bytes of a message, made once for tasks of the same kind. Each fire copies them and puts its task id into its
/// places.
package final class MessageTemplate: PreparedMessage {
  package let bytes: [UInt8]
  /// The offsets of the task's id.
  private let idPlaces: [Int]
  private let idLength: Int

  /// - Parameter id: the one that stands at these places, in ASCII.
  package init(_ bytes: [UInt8], idPlaces: [Int], of id: TaskID) {
    self.bytes = bytes
    self.idPlaces = idPlaces
    idLength = id.utf8Count
  }

  package func bytes(for id: TaskID) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count + idPlaces.count * max(0, id.utf8Count - idLength))
    var copied = 0
    for place in idPlaces {
      copy += bytes[copied..<place]
      copy.append(id)
      copied = place + idLength
    }
    copy += bytes[copied...]
    return copy
  }
}
