import Glibc

/// What a service manager, such as systemd, asks of a process that it has started, as sd_notify(3) and
/// sd_watchdog_enabled(3) describe it.
package struct ServiceManager: Equatable, Sendable {
  /// The path of the manager's socket, or `@` and an abstract name.
  let address: String
  /// The time within which the manager wants to hear from the process again; microseconds. nil: it does not wait for it.
  let watchdog: Int64?

  /// - Returns: nil if there is no socket, so there is nothing to say to anybody.
  ///
  /// - Parameters:
  ///   - watchdog: microseconds, as a decimal number.
  ///   - watched: the process that is asked to use the watchdog; nil: each process that has this environment.
  init?(socket: String?, watchdog: String?, watched: String?, processID: pid_t) {
    guard let socket, !socket.isEmpty else { return nil }
    address = socket
    let isWatched = watched.map { $0 == "\(processID)" } ?? true
    self.watchdog = isWatched ? watchdog.flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil } : nil
  }

  /// Reads the environment, and removes from it what was meant for this process only. It is for a process that has no
  /// other thread yet.
  package static func takenFromEnvironment() -> ServiceManager? {
    func take(_ name: String) -> String? {
      defer { unsetenv(name) }
      return getenv(name).map { String(cString: $0) }
    }
    return ServiceManager(
      socket: take("NOTIFY_SOCKET"), watchdog: take("WATCHDOG_USEC"), watched: take("WATCHDOG_PID"),
      processID: getpid())
  }
}
