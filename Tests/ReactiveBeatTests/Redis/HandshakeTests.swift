import Testing

@testable import ReactiveBeat

@Suite struct HandshakeTests {
  /// The result of a handshake, and the reply to a PING after it.
  private func shake(
    _ server: RedisServer, _ url: RedisURL, name: String? = nil
  ) throws -> (outcome: RedisConnectionError?, closed: RedisConnectionError?, database: RedisReply?, name: RedisReply?)
  {
    var outcomes: [RedisConnectionError?] = []
    var closed: [RedisConnectionError] = []
    var info: RedisReply?
    var clientName: RedisReply?
    try onLoop { loop in
      let connection = RedisConnection(to: server.endpoint, on: loop) {
        closed.append($0)
        loop.stop()
      }
      connection.handshake(url, clientName: name) { error in
        outcomes.append(error)
        guard error == nil else { return }
        connection.send(RedisCommand("SET", "here", 1)) { info = $0 }
        connection.send(RedisCommand("CLIENT", "GETNAME")) {
          clientName = $0
          connection.close()
        }
      }
    }
    #expect(outcomes.count == 1)
    #expect(closed.count == 1)
    return (outcomes.first ?? nil, closed.first, info, clientName)
  }

  private func url(_ server: RedisServer, _ user: String, database: Int = 0) throws -> RedisURL {
    try RedisURL("redis+socket://\(user)\(server.socketPath)?virtual_host=\(database)")
  }

  @Test("chooses the database and names the connection")
  func plain() throws {
    let server = try RedisServer()
    let result = try shake(server, url(server, "", database: 3), name: "beat-watch")
    #expect(result.outcome == nil)
    #expect(result.database == .status("OK"))
    #expect(result.name?.text == "beat-watch")
    let client = try server.client()
    client("SELECT", "3")
    #expect(client("GET", "here")?.text == "1")
  }

  @Test("logs in with a password")
  func password() throws {
    let server = try RedisServer(["--requirepass", "open ses%ame"])
    #expect(try shake(server, url(server, ":open%20ses%25ame@")).outcome == nil)
    #expect(try shake(server, url(server, "default:open%20ses%25ame@", database: 1)).outcome == nil)
  }

  @Test("logs in as an ACL user")
  func user() throws {
    let server = try RedisServer(["--user", "beat", "on", ">hunter2", "~*", "&*", "+@all"])
    #expect(try shake(server, url(server, "beat:hunter2@")).outcome == nil)
  }

  @Test("an ACL without CLIENT and PING is no obstacle")
  func strictACL() throws {
    let server = try RedisServer(["--user", "beat", "on", "nopass", "~*", "&*", "+select", "+set", "+auth"])
    #expect(try shake(server, url(server, "beat@", database: 1)).outcome == nil)
    #expect(try shake(server, url(server, "beat@"), name: "x").outcome == nil)
  }

  @Test("a wrong password is refused in words without it")
  func wrongPassword() throws {
    let server = try RedisServer(["--requirepass", "right"])
    let result = try shake(server, url(server, ":hunter2@", database: 2), name: "x")
    #expect(result.outcome?.kind == .serverRefused)
    #expect(result.outcome?.serverCode == "WRONGPASS")
    #expect(result.outcome == result.closed)
    #expect(result.outcome?.message.contains("password is wrong") == true)
    #expect(result.outcome?.message.contains("hunter2") == false)
  }

  @Test("a server that does not know AUTH repeats the password; the error does not")
  func unknownAuth() throws {
    let server = try RedisServer(["--rename-command", "AUTH", ""])
    #expect(try server.client()("AUTH", "hunter2")?.error?.message.contains("hunter2") == true)
    let result = try shake(server, url(server, ":hunter2@"))
    #expect(result.outcome?.kind == .serverRefused)
    #expect(result.outcome?.message.contains("hunter2") == false)
  }

  @Test("a missing password is asked for, with and without a name", arguments: [nil, "x"])
  func missingPassword(name: String?) throws {
    let server = try RedisServer(["--requirepass", "right"])
    let result = try shake(server, url(server, ""), name: name)
    #expect(result.outcome?.serverCode == "NOAUTH")
    #expect(result.outcome?.message.contains("put it into the URL") == true)
  }

  @Test("a password that the server does not want is named as such")
  func needlessPassword() throws {
    let server = try RedisServer()
    let result = try shake(server, url(server, ":hunter2@"))
    #expect(result.outcome?.message.contains("take the password out") == true)
    #expect(result.outcome?.message.contains("hunter2") == false)
  }

  @Test("a server that is full says so, whatever the command was", arguments: ["", ":hunter2@"])
  func maximumClients(user: String) throws {
    let server = try RedisServer(["--maxclients", "1"])
    var other: BlockingClient?
    // The connection that asked whether the server is ready may still be open.
    let isFull = try eventually {
      other = try server.client()
      return other?("PING") == .status("PONG")
    }
    #expect(isFull)
    let result = try withExtendedLifetime(other) { try shake(server, url(server, user, database: 1)) }
    #expect(result.outcome?.kind == .serverRefused)
    #expect(result.outcome?.message.contains("max number of clients") == true)
  }

  @Test("a database that does not exist is refused")
  func noSuchDatabase() throws {
    let server = try RedisServer()
    let result = try shake(server, url(server, "", database: 99))
    #expect(result.outcome?.message.contains("refused database 99") == true)
  }

  @Test("a server without SELECT has database 0 only, and the error says so")
  func noSelect() throws {
    let server = try RedisServer(["--rename-command", "SELECT", ""])
    let result = try shake(server, url(server, "", database: 1))
    #expect(result.outcome?.message.contains("has no SELECT") == true)
    #expect(result.outcome?.message.contains("give database 0 in the URL") == true)
    #expect(try shake(server, url(server, "", database: 0)).outcome == nil)
  }

  @Test("a connection that ends during the handshake ends it with its reason")
  func diesMeanwhile() throws {
    let server = try RedisServer()
    server.kill()
    let result = try shake(server, url(server, ""))
    #expect(result.outcome?.kind == .refused)
    #expect(result.outcome == result.closed)
  }
}
