import BeatCore

/// The application's manifest, in a string beside the documents.
final class RedisApplicationStore: ApplicationStore {
  private let scripts: StoreScripts

  init(_ scripts: StoreScripts) { self.scripts = scripts }

  /// Asks for the length first: what another client has written is not read whole at any length.
  func read(then completion: @escaping Completion<[UInt8]?>) {
    let (key, connection) = (scripts.keys.application, scripts.connection)
    connection.send(RedisCommand("STRLEN", key)) { reply in
      guard let length = reply?.integer else { return completion(.failure(Refusal(reply?.error))) }
      guard length > 0 else { return completion(.success(nil)) }
      if let refusal = Self.refusal(length) { return completion(.failure(refusal)) }
      connection.send(RedisCommand("GET", key)) { reply in
        guard let reply, reply.error == nil else { return completion(.failure(Refusal(reply?.error))) }
        completion(.success(reply.bytes))
      }
    }
  }

  private static func refusal(_ length: Int64) -> Refusal? {
    let limit = Limit.manifestLength
    guard length > limit.most else { return nil }
    return Refusal(.foreign, "the application's manifest \(limit.excess(Int(clamping: length)))")
  }
}
