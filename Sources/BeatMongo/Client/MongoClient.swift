internal import CMongo

/// A connection to a MongoDB server, which blocks its thread while the server is asked. It belongs to the thread that
/// made it.
///
/// After an error of the network it is not used again: the library would not look for a server that has died for the
/// next five seconds.
package final class MongoClient {
  private let library: CMongo_Functions
  private let client: OpaquePointer
  let url: MongoURL

  /// By which the server knows a daemon's connections.
  package static let daemonName = "beat-watch"

  /// Makes a client. It connects with the first command.
  ///
  /// - Parameters:
  ///   - name: by which the server knows the connection.
  ///   - server: the only server to ask; nil: the library looks for the primary by the URL.
  package init(
    _ url: MongoURL, as name: String = daemonName, directTo server: MongoServerAddress? = nil,
    timeouts: MongoTimeouts = MongoTimeouts()
  ) throws(MongoError) {
    try url.requireFiles()
    let library = try MongoLibrary.functions()
    self.library = library
    self.url = url
    var error = CMongo_Error()
    let text = server.map { url.direct(to: $0) } ?? url.text
    guard let uri = CMongo_newURI(library, text, &error) else {
      throw MongoError(.client, "the MongoDB URL is not valid: \(url.hidingSecrets(error.text))")
    }
    defer { library.mongoc_uri_destroy(uri) }
    Self.set(timeouts, on: uri, library)
    // A second try of the library's own, after seconds and perhaps at another server, would send a command whose time is
    // over.
    _ = library.mongoc_uri_set_option_as_bool(uri, "retryreads", false)
    _ = library.mongoc_uri_set_option_as_bool(uri, "retrywrites", false)
    _ = library.mongoc_uri_set_appname(uri, name)
    guard let client = CMongo_newClient(library, uri, &error) else {
      // For mongodb+srv, DNS is asked here.
      throw MongoError(error.isOwnRefusal ? .client : .network, "\(url): \(url.hidingSecrets(error.text))")
    }
    self.client = client
    // By this version, errors of the server have a domain of their own.
    _ = library.mongoc_client_set_error_api(client, 2)
  }

  deinit { library.mongoc_client_destroy(client) }

  private static func set(_ timeouts: MongoTimeouts, on uri: OpaquePointer, _ library: CMongo_Functions) {
    for (name, most) in [
      ("connecttimeoutms", timeouts.connect), ("sockettimeoutms", timeouts.answer),
      ("serverselectiontimeoutms", timeouts.selection),
    ] {
      let wanted = library.mongoc_uri_get_option_as_int32(uri, name, most)
      // Zero and less mean to wait for ever.
      _ = library.mongoc_uri_set_option_as_int32(uri, name, wanted > 0 ? min(wanted, most) : most)
    }
  }

  /// What the URL and, for `mongodb+srv`, its name's records say of the servers.
  var resolved: (replicaSet: String?, authSource: String?) {
    guard let uri = library.mongoc_client_get_uri(client) else { return (nil, nil) }
    return (
      library.mongoc_uri_get_replica_set(uri).map { String(cString: $0) },
      library.mongoc_uri_get_auth_source(uri).map { String(cString: $0) }
    )
  }

  /// Sends a command and waits for its reply, for as long as the timeouts say.
  ///
  /// A refused command (`ok: 0`) is an error. What the server says of single writes (`writeErrors`, `writeConcernError`)
  /// stands in the reply. All commands of a client are of one session of the server's, so the cursor of a command is for
  /// this client alone.
  package func run(_ command: BSONDocument, on database: String) throws(MongoError) -> BSONDocument {
    var error = CMongo_Error()
    var length: UInt32 = 0
    guard let bytes = CMongo_run(library, client, database, command.bytes, command.bytes.count, &length, &error) else {
      throw MongoError(.client, "a command is no BSON that the library takes")
    }
    let copy = Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    library.bson_free(bytes)
    let reply: BSONDocument
    do throws(BSONError) { reply = try BSONDocument(copy) } catch { throw MongoError(.reply, "the reply is \(error)") }
    if reply["ok"]?.integer == 1 { return reply }
    throw MongoError(refusal: reply, error, url)
  }
}

/// Belongs to its thread.
@available(*, unavailable)
extension MongoClient: Sendable {}

extension MongoError {
  fileprivate init(refusal reply: BSONDocument, _ error: CMongo_Error, _ url: MongoURL) {
    let text = url.hidingSecrets(error.text)
    if reply["ok"] != nil {
      let code = Int32(clamping: reply["code"]?.integer ?? 0)
      self.init(
        .server(code: code, name: reply["codeName"]?.text ?? ""),
        reply["errmsg"]?.text.map(url.hidingSecrets) ?? text)
    } else if error.isFailedAuthentication {
      self.init(.server(code: 18, name: "AuthenticationFailed"), text)
    } else {
      self.init(error.isOwnRefusal ? .client : .network, text.isEmpty ? "no answer" : text)
    }
  }
}

/// The library's domains and codes. (Source: mongoc-error.h)
extension CMongo_Error {
  private var isOfClient: Bool { domain == 1 }

  /// The server has refused the user. The library keeps the server's words and not its code, and has the same code for
  /// a connection that ends during the authentication.
  fileprivate var isFailedAuthentication: Bool {
    isOfClient && code == 11 && text.lowercased().contains("authentication failed")
  }

  /// The library does not send the command: it is too long, no BSON, or against the URL's options.
  fileprivate var isOwnRefusal: Bool { isOfClient && code == 8 || domain == 8 || domain == 11 }

  /// The text up to its zero, or to its end.
  fileprivate var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
