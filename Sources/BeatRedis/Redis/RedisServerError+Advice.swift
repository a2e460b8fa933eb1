/// What users are told about a server's error: the server's words without the script's details, and what to do.
extension RedisServerError {
  /// The error without the digest and the line of the script in which it arose, which mean nothing to users. Redis 6
  /// writes them in front of the error, Redis 7 behind it, and Valkey 9 has no digest. A script of Redis 6 that catches
  /// an error gets it with the line in front.
  package var words: String {
    var text = message[...]
    // The last one is meant: "ACL failure in script: User u has no permissions …" has another before it.
    if let tail = text.ranges(of: " script: ").last, Self.isPlace(text[tail.upperBound...]) {
      text = text[..<tail.lowerBound]
    }
    if text.contains("Error running script (call to f_") || text.hasPrefix("@user_script:") {
      var place = text[...]
      while let watermark = place.firstRange(of: "user_script:") {
        place = place[watermark.upperBound...].drop { $0 == " " || $0.isNumber || $0 == ":" }
        text = place
      }
    }
    text = text.drop { $0 == "-" || $0 == " " }
    return text.isEmpty ? message : String(text)
  }

  /// Whether the text is the place in a script, such as "<digest>, on @user_script:12." or "on @user_script:12."
  private static func isPlace(_ text: Substring) -> Bool {
    text.hasPrefix("on @user_script:") || text.prefix(41).count == 41 && text.prefix(40).allSatisfy(\.isHexDigit)
  }

  /// The code that decides what to do. A script's error contains the error of the command that failed in it, in ways
  /// that differ between versions of Redis; the code is then that command's.
  var cause: String {
    let inner = RedisServerError(words)
    guard inner.code == "ERR" else { return inner.code }
    let text = inner.message
    if text.contains("ACL failure") || text.contains("can't run this command") { return "NOPERM" }
    if text.contains("max number of clients") { return Self.noRoom }
    if text.contains("cluster mode") { return Self.cluster }
    if text.contains("DB index is out of range") { return Self.noDatabase }
    if inner.isUnknownCommand { return Self.noCommand }
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
  static let noDatabase = "NODATABASE"

  /// What the error means and what to do about it; nil: only the server's words are known.
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
    case noDatabase:
      "it has no database of this number: name another in the URL, or raise `databases` in the server's configuration; "
        + "some providers have database 0 only"
    case cluster, "CROSSSLOT": ClusterFit.advice
    case "MOVED", "ASK", "TRYAGAIN":
      "the cluster moves these keys to another node, or has moved them: try again in a moment"
    case "CLUSTERDOWN": "its cluster is not whole at present: wait, or see `CLUSTER INFO`"
    default: nil
    }
  }

  /// The server's words, and the advice if there is one.
  package var text: String { advice.map { "\(words); \($0)" } ?? words }
}
