import Glibc
import Testing

@testable import BeatMongo

/// The client against a server of its own.
@Suite struct MongoClientTests {
  @Test func documentsComeBackByteForByte() throws {
    let server = try MongoServer()
    let client = try MongoClient(at: server.url())
    #expect(try client.run(.command("ping"), on: "admin")["ok"]?.integer == 1)
    let document = BSONDocument.of {
      $0.add("_id", Int64(7))
      $0.add("name", "naïve")
      $0.add("tenth", 0.1)
      $0.add("runs", Int32(3))
      $0.add("at", date: -62_135_596_800_000)
      $0.add("nested") { $0.add("deep", true) }
    }
    #expect(try client.run(.insert([document], into: "schedules"), on: "celery")["n"]?.integer == 1)
    #expect(try client.run(.find(in: "schedules"), on: "celery").firstBatch == [document])
    // Larger than what the library keeps in a bson_t itself, and than one segment.
    let large = BSONDocument.of { $0.add("text", String(repeating: "x", count: 3_000_000)) }
    _ = try client.run(.insert([large], into: "large"), on: "celery")
    #expect(try client.run(.find(in: "large"), on: "celery").firstBatch.first?["text"]?.utf8?.count == 3_000_000)
  }

  /// A process that is killed would leave it behind.
  @Test func theLibraryKeepsNoFileOfSharedMemory() throws {
    _ = try MongoLibrary.functions()
    #expect(access("/dev/shm/mongoc-\(getpid())", F_OK) != 0)
  }

  @Test func refusalsAreSortedByTheirCode() throws {
    let server = try MongoServer()
    let client = try MongoClient(at: server.url())
    func refusal(_ command: BSONDocument) -> MongoError? { error { _ = try client.run(command, on: "celery") } }
    let unknown = refusal(.command("noSuchThing"))
    #expect(unknown?.kind == .server(code: 59, name: "CommandNotFound"))
    #expect(unknown?.code == .unknownCommand)
    #expect(
      refusal(
        .of {
          $0.add("getMore", Int64(123))
          $0.add("collection", "schedules")
        })?.code == .streamLost)
    // What is wrong with one write is no refusal of the command.
    let twice = BSONDocument.of { $0.add("_id", "same") }
    _ = try client.run(.insert([twice], into: "schedules"), on: "celery")
    let reply = try client.run(.insert([twice], into: "schedules"), on: "celery")
    #expect(
      reply["writeErrors"]?["0"]?["code"]?.integer.flatMap { Int32(exactly: $0) }.map(MongoErrorCode.init) == .duplicate
    )
    // The client goes on after a refusal.
    #expect(try client.run(.command("ping"), on: "admin")["ok"]?.integer == 1)
  }

  @Test func aStandaloneServerHasNoStream() throws {
    let server = try MongoServer(isStandalone: true)
    let client = try MongoClient(at: server.url())
    let facts = try client.facts()
    #expect(facts.setName == nil && facts.isWritablePrimary && !facts.isRouter)
    let stream = BSONDocument.of {
      $0.add("aggregate", Int32(1))
      $0.add("pipeline", array: [.of { $0.add("$changeStream", .of { _ in }) }])
      $0.add("cursor", .of { _ in })
    }
    #expect(error { _ = try client.run(stream, on: "celery") }?.code == .notSupported)
  }

  @Test func theServersFacts() throws {
    let server = try MongoServer()
    let url = try MongoURL(server.url())
    let facts = try MongoClient(url).facts()
    #expect(facts.setName == MongoProgram.replicaSet && facts.isWritablePrimary && !facts.isRouter)
    #expect(facts.maxWireVersion >= 8 && !facts.version.isEmpty)
    #expect(facts.primary?.host == "127.0.0.1:\(server.port)")
    #expect((facts.localTime ?? 0) > 1_700_000_000_000)
    let direct = try MongoClient(url, directTo: facts.primary)
    #expect(try direct.run(.command("ping"), on: "admin")["ok"]?.integer == 1)
  }

  /// The library finds the primary among the hosts of the URL, and the session's clients are connected to it alone.
  @Test func thePrimaryIsFound() throws {
    let server = try MongoServer()
    let url = try MongoURL(
      "mongodb://127.0.0.1:1,127.0.0.1:\(server.port)/celery?replicaSet=\(MongoProgram.replicaSet)")
    let facts = try MongoClient(url).facts()
    let primary = try #require(facts.primary)
    #expect(primary.host.hasSuffix(":\(server.port)") && primary.replicaSet == MongoProgram.replicaSet)
    #expect(try MongoClient(url, directTo: primary).facts().isWritablePrimary)
    let other = try MongoURL("mongodb://127.0.0.1:\(server.port)/celery?replicaSet=other")
    #expect(error { _ = try MongoClient(other).facts() }?.kind == .network)
    #expect(error { _ = try MongoClient(other, directTo: primary).facts() }?.kind == .network)
  }

  @Test func usersAreAskedForTheirPassword() throws {
    let user = MongoServer.User()
    let server = try MongoServer(user: user)
    let url = try MongoURL(server.url("authSource=admin", user: user))
    let client = try MongoClient(url)
    #expect(try client.run(.find(in: "schedules"), on: "celery").firstBatch.isEmpty)
    let direct = try MongoClient(url, directTo: try client.facts().primary)
    #expect(try direct.run(.find(in: "schedules"), on: "celery").firstBatch.isEmpty)

    let wrong = MongoServer.User(password: "another-secret")
    let refused = error {
      _ = try MongoClient(at: server.url("authSource=admin", user: wrong)).run(.find(in: "schedules"), on: "celery")
    }
    #expect(refused?.code == .forbidden)
    #expect(refused.map { "\($0)" }?.contains("secret") == false)
    let unknown = error { _ = try MongoClient(at: server.url()).run(.find(in: "schedules"), on: "celery") }
    #expect(unknown?.kind == .server(code: 13, name: "Unauthorized"))
    #expect(unknown?.code == .forbidden)
  }

  @Test func aCertificateMustBeOfATrustedAuthority() throws {
    let authority = try CertificateAuthority()
    let certificate = try authority.issue()
    let server = try MongoServer(certificate: (certificate.file, certificate.key))
    func ping(_ options: String) -> MongoError? {
      error { _ = try MongoClient(at: server.url(options)).run(.command("ping"), on: "admin") }
    }
    #expect(ping("tls=true&tlsCAFile=\(authority.file)") == nil)
    let other = try CertificateAuthority()
    let untrusted = ping("tls=true&tlsCAFile=\(other.file)")
    #expect(untrusted?.kind == .network)
    #expect(untrusted?.message.contains("certificate verify failed") == true, "\(String(describing: untrusted))")
    #expect(ping("")?.kind == .network)
    let absent = ping("tls=true&tlsCAFile=%2Fnowhere.pem")
    #expect(absent == MongoError(.client, "tlsCAFile in the MongoDB URL: /nowhere.pem: No such file or directory"))
  }

  @Test func aServerThatIsKilledGivesNoAnswer() throws {
    let server = try MongoServer()
    let client = try MongoClient(at: server.url())
    _ = try client.run(.command("ping"), on: "admin")
    server.kill()
    #expect(error { _ = try client.run(.command("ping"), on: "admin") }?.kind == .network)
    #expect(error { _ = try MongoClient(at: server.url()).run(.command("ping"), on: "admin") }?.kind == .network)
    try server.start()
    // A client of a new session finds the server at once.
    #expect(try MongoClient(at: server.url()).run(.command("ping"), on: "admin")["ok"]?.integer == 1)
  }

  /// The library cannot tell a user who is refused from a server that falls silent while it asks.
  @Test func aServerIsSilentWhenTheUserIsChecked() throws {
    let user = MongoServer.User()
    let server = try MongoServer(user: user)
    let proxy = try ServerProxy(to: server)
    proxy.loseReply { MongoServer.command(in: $0)?.name.hasPrefix("sasl") ?? false }
    let silent = error {
      _ = try MongoClient(at: server.url(by: proxy, "authSource=admin", user: user)).run(.command("ping"), on: "admin")
    }
    #expect(silent?.kind == .network, "\(String(describing: silent))")
  }

  /// The server has carried the command out, and its answer is lost.
  @Test func anAnswerIsLost() throws {
    let server = try MongoServer()
    let proxy = try ServerProxy(to: server)
    let client = try MongoClient(at: server.url(by: proxy))
    _ = try client.run(.command("ping"), on: "admin")
    proxy.loseReply { MongoServer.command(in: $0).map { $0 == ("insert", "schedules") } ?? false }
    _ = try client.run(.insert([.of { $0.add("_id", "b") }], into: "others"), on: "celery")
    let lost = error { _ = try client.run(.insert([.of { $0.add("_id", "a") }], into: "schedules"), on: "celery") }
    #expect(lost?.kind == .network)
    let found = try MongoClient(at: server.url(by: proxy)).run(.find(in: "schedules"), on: "celery").firstBatch
    #expect(found == [.of { $0.add("_id", "a") }])
  }

  /// The library checks what the URL means.
  @Test func theLibraryRefusesTheURL() {
    for options in [
      "directConnection=true", "tls=true&tlsInsecure=true&tlsAllowInvalidCertificates=true",
      "directConnection=true&loadBalanced=true", "connectTimeoutMS=hunter2", "tls=hunter2",
    ] {
      let refused = error { _ = try MongoClient(at: "mongodb://u:hunter2@a,b/celery?\(options)") }
      #expect(refused?.kind == .client)
      #expect(refused?.message.contains("hunter2") == false)
    }
  }

  /// A URL of Python's may carry options of its client library, which mean nothing here.
  @Test func optionsOfOthersAreNoError() throws {
    let server = try MongoServer()
    let client = try MongoClient(
      at: server.url("uuidRepresentation=standard&tz_aware=true&serverSelectionTimeoutMS=1500"))
    #expect(try client.run(.command("ping"), on: "admin")["ok"]?.integer == 1)
  }

  @Test func theLibraryIsAbsent() {
    guard case .failure(let error) = MongoLibrary.load(["libnosuchmongoc.so.0"]) else {
      Issue.record("a library that is not there was loaded")
      return
    }
    #expect(error.kind == .client)
    #expect(error.message.contains("apt install libmongoc-1.0-0") && error.message.contains("libnosuchmongoc.so.0"))
  }

  /// The library comes into the process with the first client.
  @Test func theLibraryIsLoadedOnDemand() async {
    await #expect(processExitsWith: .success) {
      func hasLibrary() -> Bool { mappedFiles().contains("libmongoc") }
      let url = try MongoURL("mongodb://127.0.0.1:1/celery")
      #expect(!hasLibrary())
      _ = try MongoClient(url)
      #expect(hasLibrary())
    }
  }
}
