/// What is told of a server's error: its own words without what only a script's author wants to know, and what to do.
extension RedisServerError {
  /// The error without the digest and the line of the script in which it arose, which are nothing to a person. Redis 6
  /// writes them before it, Redis 7 behind it.
  package var words: String {
    var text = message[...]
    if let tail = text.firstRange(of: " script: "), text[tail.upperBound...].prefix(40).allSatisfy(\.isHexDigit),
      text[tail.upperBound...].prefix(41).count == 41
    {
      text = text[..<tail.lowerBound]
    }
    if text.contains("Error running script (call to f_") {
      var place = text[...]
      while let watermark = place.firstRange(of: "user_script:") {
        place = place[watermark.upperBound...].drop { $0 == " " || $0.isNumber || $0 == ":" }
        text = place
      }
    }
    text = text.drop { $0 == "-" || $0 == " " }
    return text.isEmpty ? message : String(text)
  }

  /// The code that counts: a script's error carries that of its command inside its own, in ways that differ between
  /// versions.
  var cause: String {
    let inner = RedisServerError(words)
    guard inner.code == "ERR" else { return inner.code }
    let text = inner.message
    if text.contains("ACL failure") || text.contains("can't run this command") { return "NOPERM" }
    if text.contains("max number of clients") { return Self.noRoom }
    if text.contains("cluster mode") { return Self.cluster }
    if text.contains("unknown command") || text.contains("Unknown Redis command") { return Self.noCommand }
    for code in ["NOPERM", "READONLY", "WRONGTYPE", "OOM ", "MISCONF", "NOREPLICAS", "CROSSSLOT"]
    where text.contains(code) {
      return code.filter { $0 != " " }
    }
    return "ERR"
  }

  // Causes for which Redis has no code of its own.
  static let noRoom = "MAXCLIENTS"
  static let cluster = "CLUSTER"
  static let noCommand = "NOCOMMAND"

  /// What it means and what to do; nil: the words must say it.
  var advice: String? { Self.advice(cause) }

  static func advice(_ cause: String) -> String? {
    switch cause {
    case "NOPERM": "this user may not do that: allow it with ACL SETUSER, or name another user in the URL"
    case "NOAUTH": "it asks for a password: put it into the URL, redis://:password@host/0"
    case "WRONGPASS":
      "user name or password is wrong, or the user is disabled: put the right ones into the URL, or mend the user "
        + "(ACL SETUSER)"
    case "DENIED":
      "it is in protected mode and serves its own machine only: set a password there, or `protected-mode no`"
    case "READONLY": "it is a replica, which takes no writes: name the primary, or the sentinels"
    case "MASTERDOWN", "NOMASTERLINK": "it is a replica whose primary is away: name the primary, or the sentinels"
    case "LOADING": "it is still reading its data from disk: wait"
    case "BUSY": "a script of somebody keeps it busy: wait, or end it with SCRIPT KILL"
    case "WRONGTYPE": "a key there holds another Redis type than is needed: rename or delete it"
    case "OOM":
      "its memory is full (maxmemory), and nothing was changed: raise maxmemory, or delete what nobody needs"
    case "MISCONF":
      "it cannot save to its disk, and takes no writes until it can: see its log; is the disk full?"
    case "NOREPLICAS":
      "too few replicas are connected (min-replicas-to-write), and it takes no writes: bring them back, or lower that"
    case noRoom: "it has no room for another connection: raise maxclients, or end connections that nobody needs"
    case noCommand:
      "the server has not this command: it was renamed (rename-command), or a proxy does not pass it on"
    case cluster, "CROSSSLOT": ClusterFit.advice
    case "MOVED", "ASK": "another node of the cluster has these keys: name that one. \(ClusterFit.advice)"
    case "CLUSTERDOWN", "TRYAGAIN": "its cluster is not whole at present: wait, or see `CLUSTER INFO`"
    default: nil
    }
  }

  /// The words, and what to do.
  package var text: String { advice.map { "\(words); \($0)" } ?? words }
}
