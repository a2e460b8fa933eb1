import Glibc
import Synchronization

/// What an administrator does at a server. Each of these takes some 20 ms, a virtual host 100 ms.
extension RabbitServer {
  /// Evaluates expressions of Erlang in the server, separated by commas. Returns the last one's value as Erlang writes it.
  @discardableResult
  func evaluate(_ expressions: String) throws -> String {
    let command = RabbitProgram.evaluation(place, cookie: cookie)
    let answer = try Self.turn.withLock { _ in try Self.answer(to: command, expressions) }
    guard answer.hasPrefix("{ok, "), answer.hasSuffix("}") else {
      throw Failure("RabbitMQ: \(expressions): \(answer)", 0)
    }
    return String(answer.dropFirst("{ok, ".count).dropLast())
  }

  private static let turn = Mutex(())

  /// Erlang sometimes lets one of several such programs not in. That program has then evaluated nothing, and prints nothing.
  private static func answer(to command: [String], _ expressions: String, attempts: Int = 10) throws -> String {
    do { return try output(of: command, what: expressions, input: expressions + ".\n") } catch let error as Failure {
      guard attempts > 1, error.description.hasSuffix(" has failed: ") else { throw error }
      usleep(100_000)
      return try answer(to: command, expressions, attempts: attempts - 1)
    }
  }

  // MARK: virtual hosts, users, policies

  /// Makes a virtual host in which `guest` has all rights. Returns its name, which no other test of this process has.
  func newVirtualHost() throws -> String {
    let name = "test-\(UInt64.random(in: 0...UInt64.max))"
    try evaluate("ok = rabbit_vhost:add(\(Self.binary(name)), <<\"test\">>), \(Self.permission(.guest, name))")
    return name
  }

  /// Makes a user with rights in a virtual host, which are patterns of names, as of `rabbitmqctl set_permissions`.
  func addUser(
    _ user: User, virtualHost: String = "/", configure: String = ".*", write: String = ".*", read: String = ".*"
  ) throws {
    let (name, password) = (Self.binary(user.name), Self.binary(user.password))
    try evaluate(
      "ok = rabbit_auth_backend_internal:add_user(\(name), \(password), <<\"test\">>), "
        + Self.permission(user, virtualHost, configure, write, read))
  }

  /// Changes a user's rights in a virtual host.
  func setPermissions(
    of user: User, virtualHost: String = "/", configure: String = ".*", write: String = ".*", read: String = ".*"
  ) throws { try evaluate(Self.permission(user, virtualHost, configure, write, read)) }

  private static func permission(
    _ user: User, _ virtualHost: String, _ configure: String = ".*", _ write: String = ".*", _ read: String = ".*"
  ) -> String {
    let words = [user.name, virtualHost, configure, write, read].map(binary).joined(separator: ", ")
    return "ok = rabbit_auth_backend_internal:set_permissions(\(words), <<\"test\">>)"
  }

  /// Sets a policy of the queues whose names match a pattern. `definition` is JSON, such as
  /// `{"max-length": 1, "overflow": "reject-publish"}`.
  func setPolicy(_ name: String, of pattern: String, _ definition: String, virtualHost: String = "/") throws {
    let words = [virtualHost, name, pattern, definition, "0", "queues"].map(Self.binary).joined(separator: ", ")
    try evaluate("ok = rabbit_policy:parse_set(\(words), <<\"test\">>)")
  }

  // MARK: queues

  /// Declares a durable queue, which stays when the server is killed. RabbitMQ writes a declaration a little after it has
  /// acknowledged it: a queue declared a second before `kill()` can be gone, with confirmed messages in it.
  /// - Parameter type: `classic` or `quorum`.
  func declare(_ queue: String, virtualHost: String = "/", type: String = "classic") throws {
    let resource = Self.resource(queue, virtualHost)
    try evaluate(
      "{new, _} = rabbit_amqqueue:declare(\(resource), true, false, "
        + "[{<<\"x-queue-type\">>, longstr, \(Self.binary(type))}], none, <<\"test\">>), catch mnesia:sync_log()")
  }

  /// How many messages are ready in a queue, as a passive declaration tells it; nil: there is no such queue.
  func messages(in queue: String, virtualHost: String = "/") throws -> Int? {
    Int(
      try evaluate(
        "case rabbit_amqqueue:lookup(\(Self.resource(queue, virtualHost))) of "
          + "{ok, Q} -> {ok, N, _} = rabbit_amqqueue:stat(Q), N; {error, not_found} -> none end"))
  }

  private static func resource(_ queue: String, _ virtualHost: String) -> String {
    "rabbit_misc:r(\(binary(virtualHost)), queue, \(binary(queue)))"
  }

  // MARK: trouble

  /// Raises the memory alarm: the server reads nothing more from connections that publish, and says `connection.blocked`
  /// to those that understand it.
  func raiseMemoryAlarm() throws {
    try evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1})")
  }

  func endMemoryAlarm() throws {
    try evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"})")
  }

  /// Whether the server has an alarm.
  var hasAlarm: Bool { get throws { try evaluate("rabbit_alarm:get_alarms()") != "[]" } }

  /// Closes every connection with 320, CONNECTION_FORCED.
  func closeConnections() throws {
    try evaluate("[rabbit_networking:close_connection(P, \"by the test\") || P <- rabbit_networking:connections()], ok")
  }

  /// Runs lines of Python in which `c` is a connection of py-amqp in a virtual host, and `ch` a channel of it. Returns what
  /// they print. Python takes some 200 ms to start.
  @discardableResult
  func python(_ lines: String, virtualHost: String = "/") throws -> String {
    let script = """
      import amqp
      c = amqp.Connection("127.0.0.1:\(port)", userid="guest", password="guest", virtual_host="\(virtualHost)")
      c.connect()
      ch = c.channel()
      \(lines)
      """
    return try output(of: [ServerFile.tool("python", of: "celery-5.7"), "-c", script], what: lines)
  }

  /// The daemon's connections to a virtual host, and those of its commands, that ended without a word, as the server's log has
  /// them.
  func abruptEnds(virtualHost: String) throws -> [String] {
    let lines = try output(of: ["cat", "\(folder)/log/rabbit@localhost.log"], what: "the log").split(separator: "\n")
    return zip(lines, lines.dropFirst()).filter {
      $0.contains("vhost: '\(virtualHost)'") && $0.contains("beat-watch") && $1.contains("unexpectedly closed TCP")
    }.map { String($0.0) }
  }

  /// A text of a test's, as a binary of Erlang.
  private static func binary(_ text: String) -> String {
    "<<\(text.utf8.map { "\($0)" }.joined(separator: ","))>>"
  }
}
