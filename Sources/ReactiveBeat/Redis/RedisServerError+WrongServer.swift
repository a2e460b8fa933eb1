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
}
