/// A script that the server keeps by its SHA-1. It is sent by its digest, and in full only when the server has lost it.
package struct LuaScript: Sendable {
  /// The script's text, to the byte: its digest is made of it.
  package let source: String
  /// The digest: 40 lower-case hex digits.
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
    // The length and the line ends that precede and follow an argument take up to 16 bytes.
    let size = keys.reduce(0) { $0 + $1.count + 16 } + arguments.reduce(0) { $0 + $1.count + 16 }
    evaluate(
      on: connection, keys: keys.count, size: size,
      append: { command in
        command.append(contentsOf: keys)
        command.append(contentsOf: arguments)
      }, then: completion)
  }

  /// The same, for keys and arguments that are written directly into the command, without arrays of them.
  ///
  /// - Parameters:
  ///   - keys: how many keys there are.
  ///   - size: about how many bytes `append` adds.
  ///   - append: appends the keys, then the arguments. It may be called twice, and must append the same each time.
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
