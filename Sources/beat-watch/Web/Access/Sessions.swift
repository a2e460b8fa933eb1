import BeatCore

/// Who is logged in. A session ends by itself, by its user, with the page's process, or with the token that it began
/// with. Only digests of the sessions' names are kept.
struct Sessions {
  /// How long a session lasts without a call, and in all; microseconds.
  static let idleTime: Int64 = 8 * 3600 * 1_000_000
  static let wholeTime: Int64 = 7 * 86_400 * 1_000_000
  /// The most sessions. With one more, the one that was used least recently ends.
  static let most = 1_000

  struct Session {
    let token: AccessToken
    /// What a call that changes something must carry, beside the cookie.
    let csrf: String
    fileprivate let begunAt: BootTime
    fileprivate var usedAt: BootTime
  }

  private var sessions: [SecretHash: Session] = [:]

  var count: Int { sessions.count }

  /// Begins a session; returns its name, for the cookie.
  mutating func begin(_ token: AccessToken, now: BootTime) throws(CommandError) -> (name: String, session: Session) {
    removeOld(now)
    if sessions.count >= Self.most,
      let oldest = sessions.min(by: { $0.value.usedAt < $1.value.usedAt })
    {
      sessions[oldest.key] = nil
    }
    let name = RandomSecret.make()
    let session = Session(token: token, csrf: RandomSecret.make(), begunAt: now, usedAt: now)
    sessions[try SecretHash(of: name)] = session
    return (name, session)
  }

  /// The session of a name, if it is still good.
  mutating func use(_ name: String, among tokens: [AccessToken], now: BootTime) throws(CommandError) -> Session? {
    let hash = try SecretHash(of: name)
    guard let session = sessions[hash] else { return nil }
    guard !isOver(session, now), tokens.contains(session.token) else {
      sessions[hash] = nil
      return nil
    }
    sessions[hash]?.usedAt = now
    return session
  }

  /// Whether a session is still good. Asking is no use of it.
  func isGood(_ name: String, among tokens: [AccessToken], now: BootTime) -> Bool {
    guard let hash = try? SecretHash(of: name), let session = sessions[hash] else { return false }
    return !isOver(session, now) && tokens.contains(session.token)
  }

  mutating func end(_ name: String) throws(CommandError) { sessions[try SecretHash(of: name)] = nil }

  private func isOver(_ session: Session, _ now: BootTime) -> Bool {
    now.microseconds(since: session.usedAt) > Self.idleTime || now.microseconds(since: session.begunAt) > Self.wholeTime
  }

  private mutating func removeOld(_ now: BootTime) { sessions = sessions.filter { !isOver($0.value, now) } }
}
