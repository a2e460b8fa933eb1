import Testing

@testable import BeatMongo

/// What is said of a URL, and how one of its servers is reached alone.
@Suite struct MongoURLTests {
  @Test(arguments: [
    ("mongodb://localhost", "mongodb://localhost", nil),
    (" mongodb://localhost:27017/celery\n", "mongodb://localhost:27017/celery", "celery"),
    ("MONGODB://h/", "mongodb://h", nil),
    ("mongodb://user:secret@h/db", "mongodb://user:***@h/db", "db"),
    ("mongodb://secret@h/db", "mongodb://***@h/db", "db"),
    ("mongodb://user:s%40cret@a:1,b:2,[::1]:3/db?replicaSet=rs", "mongodb://user:***@a:1,b:2,[::1]:3/db", "db"),
    ("mongodb+srv://u:secret@cluster.example.org/?w=1", "mongodb+srv://u:***@cluster.example.org", nil),
    ("mongodb://h/?tlsCertificateKeyFilePassword=secret", "mongodb://h", nil),
    ("mongodb://%2Ftmp%2Fmongodb-27017.sock/db", "mongodb://%2Ftmp%2Fmongodb-27017.sock/db", "db"),
    ("mongodb://h?authSource=admin", "mongodb://h", nil),
  ]) func isShownWithoutSecrets(text: String, shown: String, database: String?) throws {
    let url = try MongoURL(text)
    #expect(url.description == shown && "\(url)" == shown && String(reflecting: url) == shown)
    #expect(url.database == database)
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("secret"))
  }

  @Test(arguments: [
    "", "mongo", "http://u:secret@h/", "mongodb:/h", "mongodb://", "mongodb://u:secret@", "mongodb://u:secret@/db",
    "mongodb://u:secret/x@h/db", "mongodb://u:secret?x@h/db", "mongodb://u:sec@ret@h/db", "mongodb://u:secret:x@h/db",
    "mongodb://u:secret#x@h/db", "mongodb://u:secret%x@h/db", "mongodb://:secret@h/db", "mongodb://h:port/db",
    "mongodb://h:0/db", "mongodb://h:65536/db", "mongodb://h,,i/db", "mongodb://h/a.b", "mongodb://h/a/b",
    "mongodb://h/db?secret", "mongodb://h/db?a=%zz", "mongodb://u:secret\u{301}@h i/db", "mongodb+srv://a.b.c:1/db",
    "mongodb+srv://a.b.c,d.e.f/db", "mongodb://u:secret\n@h/db", "mongodb://[::1/db", "mongodb://[x]/db",
    "mongodb://u:secret[@h/db/secret@x",
  ]) func isRefusedWithoutSecrets(text: String) {
    let refused = error { _ = try MongoURL(text) }
    #expect(refused?.kind == .client)
    #expect(refused?.message.contains("secret") == false && refused?.message.contains("URL") == true)
  }

  @Test func oneServerAlone() throws {
    let several = try MongoURL("mongodb://u:p%40ss@a:1,b:2/db?replicaSet=rs&tls=true&directConnection=false")
    #expect(
      several.direct(to: MongoServerAddress(host: "b:2", replicaSet: "rs", authSource: "db"))
        == "mongodb://u:p%40ss@b:2/db?replicaSet=rs&tls=true&directConnection=true")
    let named = try MongoURL("mongodb+srv://u:pass@cluster.example.org/?srvMaxHosts=2&w=1")
    #expect(
      named.direct(to: MongoServerAddress(host: "s1.example.org:27017", replicaSet: "atlas-1", authSource: "admin"))
        == "mongodb://u:pass@s1.example.org:27017/?w=1&tls=true&replicaSet=atlas-1&authSource=admin"
        + "&directConnection=true")
    #expect(named.option("W") == "1" && named.option("journal") == nil)
    #expect(several.onlyHost == nil && named.onlyHost == nil)
  }

  /// What a server says of itself is put into a URL, and must be nothing but a host.
  @Test func hosts() {
    for host in ["a", "a:1", "127.0.0.1:27017", "[::1]", "[fe80::1]:27017", "a-b_c.example:65535"] {
      #expect(MongoURLText.isHost(host), "\(host)")
    }
    for host in ["", ":1", "a:", "a:0", "a/b", "a?tlsInsecure=true", "u:p@a", "a,b", "[::1]x", "[]", "a b", "ä"] {
      #expect(!MongoURLText.isHost(host), "\(host)")
    }
  }

  @Test func theLibrarysWordsAreCleaned() throws {
    let url = try MongoURL("mongodb://u:s%40cret@h/?tlsCertificateKeyFilePassword=key%20word")
    #expect(url.hidingSecrets("a s@cret, s%40cret and key word") == "a ***, *** and ***")
  }
}

@Suite struct MongoErrorTests {
  @Test func isPrintableAndBounded() {
    let error = MongoError(.server(code: 1, name: "a\u{1B}[2J"), "line\nline" + String(repeating: "x", count: 10_000))
    #expect(error.description.utf8.count < 800 && error.description.utf8.allSatisfy { $0 >= 0x20 || $0 > 0x7F })
    #expect(MongoError(.server(code: 13, name: "Unauthorized"), "no").description == "no (Unauthorized, error 13)")
    #expect(MongoError(.server(code: 8000, name: ""), "no").description == "no (error 8000)")
  }

  @Test(arguments: [
    (10107 as Int32, MongoErrorCode.notPrimary), (13435, .notPrimary), (189, .notPrimary), (91, .notPrimary),
    (11600, .notPrimary), (11602, .notPrimary), (13, .forbidden), (18, .forbidden), (8000, .forbidden),
    (286, .streamLost), (280, .streamLost), (260, .streamLost), (43, .streamLost), (40573, .notSupported),
    (112, .writeConflict), (10334, .tooLong), (0, .other),
  ]) func codes(code: Int32, meaning: MongoErrorCode) {
    #expect(MongoError(.server(code: code, name: ""), "").code == meaning)
    #expect(MongoError(.network, "").code == nil)
  }
}
