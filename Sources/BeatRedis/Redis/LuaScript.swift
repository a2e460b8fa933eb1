/// A script that the server keeps by its SHA-1: sent by digest, and in full only when the server has lost it.
package struct LuaScript: Sendable {
  /// The text, as the server sees it.
  package let source: String
  /// 40 lower-case hex digits.
  package let sha1: String

  /// Computes the digest.
  package init(_ source: String) {
    self.source = source
    sha1 = SHA1.hex(Array(source.utf8))
  }

  /// Runs the script on the server: EVALSHA, and after NOSCRIPT (a restart, a failover, SCRIPT FLUSH) EVAL with the
  /// same keys and arguments, which also makes the server keep it again. A script that answered NOSCRIPT has not run.
  /// `then` as in `RedisConnection.send`.
  package func evaluate(
    on connection: RedisConnection, keys: [[UInt8]], arguments: [[UInt8]],
    then completion: @escaping (RedisReply?) -> Void
  ) {
    // Lengths and line ends take up to 16 bytes each.
    let size = keys.reduce(0) { $0 + $1.count + 16 } + arguments.reduce(0) { $0 + $1.count + 16 }
    evaluate(
      on: connection, keys: keys.count, size: size,
      append: { command in
        command.append(contentsOf: keys)
        command.append(contentsOf: arguments)
      }, then: completion)
  }

  /// The same, with keys and arguments that are written where they are sent from.
  ///
  /// - Parameters:
  ///   - keys: how many there are.
  ///   - size: about so many bytes are appended.
  ///   - append: appends the keys, then the arguments; the same when it is called again.
  func evaluate(
    on connection: RedisConnection, keys: Int, size: Int, append: @escaping (inout RedisCommand) -> Void,
    then completion: @escaping (RedisReply?) -> Void
  ) {
    connection.send(command("EVALSHA", sha1, keys, size, append)) { reply in
      guard reply?.error?.code == "NOSCRIPT" else { return completion(reply) }
      connection.send(command("EVAL", source, keys, size, append), then: completion)
    }
  }

  private func command(
    _ name: String, _ script: String, _ keys: Int, _ size: Int, _ append: (inout RedisCommand) -> Void
  ) -> RedisCommand {
    var command = RedisCommand(name)
    command.reserveCapacity(size + script.utf8.count + 64)
    command.append(script)
    command.append(keys)
    append(&command)
    return command
  }
}
