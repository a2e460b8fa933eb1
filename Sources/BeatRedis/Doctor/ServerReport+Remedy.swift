/// How a setting of a server is changed, so that it stays after a restart.
extension ServerReport {
  /// - Parameter url: the server of which this is the report.
  func remedy(_ setting: String, _ value: String, on url: RedisURL) -> String {
    let line = "\(setting) \(value)"
    let isNotifications = setting == "notify-keyspace-events"
    if isNotifications, let provider = RedisProvider(url) { return provider.notifications(value) }
    guard hasConfig else {
      guard !isNotifications else {
        return "the server has no CONFIG: `\(line)` in redis.conf, or where your provider keeps the setting "
          + "(\(NotificationSetting.places(value)))"
      }
      return "the server has no CONFIG: `\(line)` in redis.conf, or where your provider keeps the setting"
    }
    let cli = RedisCLI.command(url)
    let command = "\(cli) CONFIG SET \(line)"
    // CONFIG REWRITE is an error where the server was started without a file. INFO then shows that name empty.
    guard info.version != nil, info["config_file"] == nil else {
      return "\(command) && \(cli) CONFIG REWRITE"
    }
    return "\(command)  # until its restart: it has no redis.conf; start it with --\(line)"
  }
}
