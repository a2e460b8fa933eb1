/// What a server says of itself (`INFO`), as far as it matters here.
struct ServerInfo: Equatable {
  /// Random, new at each start of the server: two connections with the same one lead to the same server.
  let runID: String?
  let version: String?
  let isReplica: Bool
  let isLoading: Bool
  /// One node of a cluster, and be it the only one.
  let isCluster: Bool
  /// Of a replica: where its primary is.
  let primary: String?
  /// The `maxmemory-policy` by which keys without a time to live, such as schedules and the mark, may be thrown away when
  /// memory is short; nil: they may not.
  let evictionPolicy: String?

  init(_ text: String) {
    var fields: [Substring: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    runID = fields["run_id"].map(String.init)
    version = fields["redis_version"].map(String.init)
    isReplica = fields["role"] == "slave"
    isLoading = fields["loading"] == "1"
    isCluster = fields["redis_mode"] == "cluster" || fields["cluster_enabled"] == "1"
    primary = fields["master_host"].flatMap { host in fields["master_port"].map { "\(host):\($0)" } }
    let isBounded = fields["maxmemory"].map { $0 != "0" } ?? false
    evictionPolicy =
      isBounded ? fields["maxmemory_policy"].map(String.init).flatMap { $0.hasPrefix("allkeys") ? $0 : nil } : nil
  }

  /// Redis 6.0 brought `SET … KEEPTTL`, without which a fire would take a document's time to live away.
  var isTooOld: Bool {
    guard let major = version?.split(separator: ".").first.flatMap({ Int($0) }) else { return false }
    return major < 6
  }
}
