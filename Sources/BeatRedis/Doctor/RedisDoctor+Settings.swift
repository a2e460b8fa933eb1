/// How a setting of a server is changed, so that it stays after a restart.
extension RedisDoctor {
  /// - Parameters:
  ///   - url: the server; nil: the store's.
  ///   - report: of that server.
  func remedy(_ setting: String, _ value: String, _ report: ServerReport, on url: RedisURL? = nil) -> String {
    let line = "\(setting) \(value)"
    guard report.hasConfig else {
      return "the server has no CONFIG: `\(line)` in redis.conf, or where your provider keeps the setting"
    }
    let cli = RedisCLI.command(url ?? client.url)
    let command = "\(cli) CONFIG SET \(line)"
    // CONFIG REWRITE is an error where the server was started without a file. INFO then shows that name empty.
    guard report.info.version != nil, report.info["config_file"] == nil else {
      return "\(command) && \(cli) CONFIG REWRITE"
    }
    return "\(command)  # until its restart: it has no redis.conf; start it with --\(line)"
  }
}
