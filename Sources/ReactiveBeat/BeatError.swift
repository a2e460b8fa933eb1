import BeatCore
import BeatLoop
import BeatRedis

/// Why a call failed: a kind for programs, and a sentence for people. The text never holds a password.
public struct BeatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of the failure.
  public enum Kind: Hashable, Sendable {
    /// A value of the configuration is wrong, or a setting of Redis must be changed first.
    case configuration
    /// No server answered in time. It is unknown whether the server carried out a command that had been sent.
    case unreachable
    /// The Redis user lacks a right, or its name or password is wrong.
    case denied
    /// The server is starting, or its primary is away: the same call may succeed a little later.
    case notReady
    /// The document cannot be used; the text says why, and where.
    case invalidDocument
    /// No schedule has this name.
    case notFound
    /// Another client has changed, made or deleted the same schedule at the same time, or the document did not stop
    /// changing for 10 s. This call changed nothing.
    case conflict
    /// No daemon carried out the request before its deadline, and the client took the request back.
    case noDaemon
    /// The daemon, the server or the system refused; the text says why.
    case refused
  }

  /// The kind of the failure, for programs.
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

  /// Wraps a failure of the system: no descriptor, thread or memory is left.
  init(_ error: EventLoopError) { self.init(.refused, error.description) }
}
