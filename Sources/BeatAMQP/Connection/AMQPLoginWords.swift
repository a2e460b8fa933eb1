import BeatCore

/// The sentences about a connection that ended, or could not be made.
struct AMQPLoginWords {
  /// The server's URL without credentials.
  let url: String
  let virtualHost: String
  /// Who logs in; nil: the client's certificate says it.
  let user: String?

  init(_ server: AMQPURL) {
    (url, virtualHost) = ("\(server)", server.virtualHost.text)
    user = server.login == .external ? nil : server.user
  }

  func at(_ reason: String) -> String { "\(url): \(reason)" }

  /// The server closed the connection with a reason.
  func closed(_ refusal: AMQPRefusal, whileLoggingIn: Bool) -> AMQPLoss {
    let advice: String? =
      switch refusal.code {
      case .accessRefused where whileLoggingIn:
        "is the password of \(user ?? "the certificate's user") right? The user guest may log in from the server's own machine "
          + "only (loopback_users)"
      case .notAllowed where refusal.text.contains("not found"):
        "create it (rabbitmqctl add_vhost \(virtualHost)), or correct the path of the URL"
      case .notAllowed where whileLoggingIn:
        "let the user in: rabbitmqctl set_permissions -p \(virtualHost) \(user ?? "USER") CONFIGURE WRITE READ"
      default: nil
      }
    return AMQPLoss(
      reason: at("\(refusal)" + (advice.map { ": \($0)" } ?? "")), refusal: refusal)
  }

  func silent(seconds: Int) -> AMQPLoss {
    AMQPLoss(reason: at("the server was silent for \(seconds) s, over two heartbeats"))
  }

  func late(isConnected: Bool) -> AMQPLoss {
    AMQPLoss(
      reason: at(
        isConnected ? "the server did not answer the login in time" : "no connection within the time allowed"))
  }
}
