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
    user = server.user
  }

  func at(_ reason: String) -> String { "\(url): \(reason)" }

  /// The server closed the connection with a reason.
  func closed(_ refusal: AMQPRefusal, whileLoggingIn: Bool) -> AMQPLoss {
    let advice: String? =
      switch refusal.code {
      case .accessRefused where whileLoggingIn:
        if let user {
          "is the password of \(user) right?"
            + (user == "guest" ? " This user may log in from the server's own machine only (loopback_users)" : "")
        } else {
          "the name in the client's certificate must be that of a user there (ssl_cert_login_from in rabbitmq.conf)"
        }
      case .notAllowed where refusal.text.contains("not found"):
        "create it (rabbitmqctl add_vhost \(ShellWords.quoted(virtualHost))), or correct the path of the URL"
      case .notAllowed where refusal.text.contains("refused for user"):
        "let the user in: rabbitmqctl set_permissions -p \(ShellWords.quoted(virtualHost)) "
          + "\(user.map(ShellWords.quoted) ?? "USER") '^$' '.*' '^$'"
      default: nil
      }
    return AMQPLoss(
      reason: at("\(refusal)" + (advice.map { ": \($0)" } ?? "")), refusal: refusal)
  }

  func silent(seconds: Int) -> AMQPLoss {
    AMQPLoss(reason: at("the server was silent for \(seconds) s, over two heartbeats"))
  }

  var late: AMQPLoss { AMQPLoss(reason: at("the server did not answer the login in time")) }
}
