import Glibc
import Testing

/// The private servers on which other tests stand.
@Suite struct RabbitServerTests {
  @Test("a confirmed message stays when the server is killed, and when it is stopped and started again")
  func lifecycle() throws {
    let server = try RabbitServer()
    let pid = server.pid
    try server.declare("kept")
    try server.python(
      """
      ch.confirm_select()
      ch.basic_publish_confirm(amqp.Message("one", delivery_mode=2), "", "kept")
      """)
    server.kill()
    #expect(server.pid == 0 && Glibc.kill(pid, 0) == -1)
    try server.start()
    #expect(try server.messages(in: "kept") == 1)
    server.stop()
    try server.start()
    #expect(try server.messages(in: "kept") == 1)
    try server.restart()
    #expect(try server.messages(in: "kept") == 1)
  }

  @Test(
    "a frozen server answers nothing, and goes on where it was; a memory alarm begins, blocks a publisher, and ends")
  func trouble() throws {
    let server = try RabbitServer()
    server.suspend()
    #expect(try greeting(server) == "silent\n")
    server.resume()
    #expect(try greeting(server) == "answered\n")
    #expect(try !server.hasAlarm)
    try server.raiseMemoryAlarm()
    #expect(try server.hasAlarm)
    let answer = try server.python(
      """
      reasons = []
      b = amqp.Connection("127.0.0.1:\(server.port)", userid="guest", password="guest", on_blocked=reasons.append)
      b.connect()
      b.channel().basic_publish(amqp.Message("x"), "", "nowhere")
      while not reasons: b.drain_events(timeout=10)
      print("blocked")
      """)
    #expect(answer == "blocked\n")
    try server.endMemoryAlarm()
    #expect(try !server.hasAlarm)
  }

  private func greeting(_ server: RabbitServer) throws -> String {
    let script = """
      import socket
      s = socket.create_connection(("127.0.0.1", \(server.port)), 2)
      s.send(b"AMQP\\0\\0\\x09\\x01")
      try: print("answered" if s.recv(1) else "closed")
      except TimeoutError: print("silent")
      """
    return try output(of: ["python3", "-c", script], what: "a greeting")
  }

  @Test("tests share a server, with virtual hosts, users, policies and queues of their own")
  func administration() throws {
    let server = try RabbitServer.shared()
    let (one, other) = (try server.newVirtualHost(), try server.newVirtualHost())
    try server.declare("q", virtualHost: one)
    try server.declare("replicated", virtualHost: one, type: "quorum")
    #expect(try server.messages(in: "q", virtualHost: one) == 0)
    #expect(try server.messages(in: "q", virtualHost: other) == nil)
    try server.setPolicy("short", of: "^q$", #"{"max-length": 1, "overflow": "reject-publish"}"#, virtualHost: one)
    let user = RabbitServer.User(name: "beat-\(one)", password: "hunter2-secret/\"")
    try server.addUser(user, virtualHost: one, configure: "^$")
    try server.setPermissions(of: user, virtualHost: one, configure: "^$", write: "^$")
    #expect(
      server.url(virtualHost: "/", user: user) == "amqp://beat-\(one):hunter2-secret%2F%22@127.0.0.1:\(server.port)/%2F"
    )
    let answers = try server.python(
      """
      ch.confirm_select()
      for queue in ("q", "replicated", "q"):
        print(ch.queue_declare(queue, passive=True).message_count)
        try: ch.basic_publish_confirm(amqp.Message("x", delivery_mode=2), "", queue)
        except amqp.exceptions.MessageNacked: print("nack")
      u = amqp.Connection("127.0.0.1:\(server.port)", userid="\(user.name)", password='\(user.password)', virtual_host="\(one)")
      u.connect()
      try: u.channel().queue_declare("new", durable=True)
      except amqp.exceptions.AccessRefused: print("refused")
      """, virtualHost: one)
    #expect(answers == "0\n0\n1\nnack\nrefused\n")
    #expect(try server.messages(in: "q", virtualHost: one) == 1)
    #expect(try server.messages(in: "replicated", virtualHost: one) == 1)
  }

  @Test("a client logs in by its certificate, or over TLS by its password")
  func certificates() throws {
    let authority = try CertificateAuthority()
    let certificate = try authority.issue()
    let client = try authority.issue(nil, commonName: "by-certificate")
    let server = try RabbitServer(
      .init(tls: (authority: authority.file, certificate: certificate.file, key: certificate.key)))
    try server.addUser(.init(name: "by-certificate", password: "hunter2-secret"))
    let answers = try server.python(
      """
      tls = {"ca_certs": "\(authority.file)", "server_hostname": "localhost"}
      def own(certificate, key): return {"ssl": tls | {"certfile": certificate, "keyfile": key}, "login_method": "EXTERNAL"}
      known, unknown = own("\(client.file)", "\(client.key)"), own("\(certificate.file)", "\(certificate.key)")
      for login in ({"ssl": tls, "login_method": "PLAIN"}, known, unknown):
        try:
          amqp.Connection("localhost:\(server.tlsPort)", **login).connect()
          print("in")
        except amqp.exceptions.AccessRefused: print("refused")
      """)
    #expect(answers == "in\nin\nrefused\n")
  }
}
