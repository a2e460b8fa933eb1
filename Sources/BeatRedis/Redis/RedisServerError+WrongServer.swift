extension RedisServerError {
  /// Whether trying again on this connection is useless: a new connection may lead to a server, or to a login, that
  /// works. After all other errors (OOM, MISCONF, NOREPLICAS, BUSY, EXECABORT, NOPERM, CROSSSLOT, …) the same
  /// connection is used again later, when an operator has removed the cause. The cause counts, and not the code: Redis 6
  /// has the code ERR for each error of a script.
  var isOfWrongServer: Bool {
    switch cause {
    case "READONLY", "LOADING", "MASTERDOWN", "NOMASTERLINK": true  // a failover, or a start, is under way
    case "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN": true  // the keys are being moved, or have been
    case "NOAUTH", "WRONGPASS": true  // the password was changed
    default: false
    }
  }

  /// Whether another node of a cluster has the keys, or soon will.
  var isOfAnotherNode: Bool { ["MOVED", "ASK", "TRYAGAIN"].contains(cause) }

  /// Whether the error is about the server's own state, and would answer any other request as well.
  var isOfTheServer: Bool { ["OOM", "MISCONF", "NOREPLICAS", "BUSY"].contains(cause) }

  /// Whether the error is about the rights of this connection's user, or about a command that does not exist: another
  /// user may be allowed to do it. Within a script Redis does not say NOPERM, and before Redis 7.2 it does not even
  /// name the command.
  package var isOfOurRights: Bool {
    if code == "NOPERM" || isUnknownCommand { return true }
    return ["NOPERM", "can't run this command", "can't access at least one of the keys", "ACL failure in script"]
      .contains { message.contains($0) }
  }

  /// Whether the user may not use a key, so that another command would not help. Redis does not say which key.
  var isOfAKey: Bool { isOfOurRights && !isUnknownCommand && message.contains("key") && !message.contains("channel") }

  /// Whether the server has no such command, because it was renamed away. To a script Redis says "Unknown Redis command
  /// called from script", Valkey leaves its own name out, and other forks put theirs in.
  var isUnknownCommand: Bool {
    message.lowercased().contains("unknown command")
      || message.contains("Unknown ") && message.contains(" command called from ")
  }
}
