/// Where in a schedule document a value stands, as far as its meaning as JSON depends on it.
enum FieldPlace {
  /// A field of the document itself.
  case top
  /// A field of `options`.
  case options
  /// What the daemon reads, or nobody does: types that JSON does not have are Extended JSON.
  case read
  /// What a worker gets: the JSON that Celery would make of the value that pymongo reads.
  case sent

  /// The place of a member's value.
  func member(_ name: some Collection<UInt8>) -> FieldPlace {
    switch self {
    case .top where Self.arguments.contains { name.elementsEqual($0.utf8) }: .sent
    case .top where name.elementsEqual("options".utf8): .options
    case .options where name.elementsEqual("headers".utf8): .sent
    case .top, .options, .read: .read
    case .sent: .sent
    }
  }

  private static let arguments = ["args", "kwargs", "headers"]
}
