import BeatCore
import BeatLoop
import BeatRedis

/// Why something could not be done: a kind for programs, and a sentence for people. It never holds a password.
public struct BeatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of obstacle it is.
  public enum Kind: Hashable, Sendable {
    /// A value of the configuration is wrong, or something must be set up otherwise in Redis before it makes sense.
    case configuration
    /// No server answered in time: whether a command that was on its way was carried out is unknown.
    case unreachable
    /// The server's user may not do it, or its name or password is wrong.
    case denied
    /// The server is starting, or its primary is away: the same call may succeed a little later.
    case notReady
    /// The document cannot be used; the text says why, and where.
    case invalidDocument
    /// There is no such schedule.
    case notFound
    /// Somebody else has changed the same schedule meanwhile: nothing was changed.
    case conflict
    /// No daemon carried out what it was asked for, and the request was taken back.
    case noDaemon
    /// The daemon, the server or the system refused; the text says why.
    case refused
  }

  public let kind: Kind
  /// What is wrong, where, and what to do.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  init(_ error: StoreError) {
    let kind: Kind =
      switch error.kind {
      case .unreachable: .unreachable
      case .denied: .denied
      case .notReady: .notReady
      case .readOnly, .wrongType, .unsuitable: .configuration
      case .refused: .refused
      }
    self.init(kind, error.message)
  }

  /// The system has no descriptor, thread or memory left.
  init(_ error: EventLoopError) { self.init(.refused, error.description) }
}
