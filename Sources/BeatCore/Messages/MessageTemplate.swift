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
    idLength = id.description.utf8.count
  }

  /// - Parameter id: has the same length as the first one, as all ids of occurrences do.
  package func bytes(for id: TaskID) -> [UInt8] {
    var bytes = bytes
    let id = Array(id.description.utf8.prefix(idLength))
    for place in idPlaces {
      for index in id.indices { bytes[place + index] = id[index] }
    }
    return bytes
  }
}
