extension RedisServerError {
  /// Another attempt on this connection is of no use: a new one may lead to a server, or to a login, that works. All
  /// other errors (OOM, MISCONF, NOREPLICAS, BUSY, EXECABORT, TRYAGAIN, NOPERM, CROSSSLOT, …) are waited for: trying
  /// again later, on the same connection, is right once somebody has mended the cause.
  var isOfWrongServer: Bool {
    switch code {
    case "READONLY", "LOADING", "MASTERDOWN", "NOMASTERLINK": true  // a failover, or a start, is under way
    case "MOVED", "ASK", "CLUSTERDOWN": true
    case "NOAUTH", "WRONGPASS": true  // the password was changed
    default: false
    }
  }

  /// It is about the server's own state, whatever was asked for.
  var isOfTheServer: Bool { ["OOM", "MISCONF", "NOREPLICAS", "BUSY", "TRYAGAIN"].contains(code) }

  /// It is about the user whose connection this is, or a command that is not there: another user may do it. Within a
  /// script Redis does not say NOPERM, and before Redis 7.2 not even which command it is.
  package var isOfOurRights: Bool {
    if code == "NOPERM" || isUnknownCommand { return true }
    return ["NOPERM", "can't run this command", "can't access at least one of the keys", "ACL failure in script"]
      .contains { message.contains($0) }
  }

  /// The server has no such command: it was renamed away.
  var isUnknownCommand: Bool {
    message.lowercased().contains("unknown command") || message.contains("Unknown Redis command")
  }
}
