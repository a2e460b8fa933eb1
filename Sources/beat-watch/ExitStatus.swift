import ArgumentParser
import BeatCore
import ReactiveBeat

/// The exit statuses of all commands, those of sysexits.h: the only place where they are chosen.
extension ExitCode {
  /// `lint`, `doctor`, `status`: what was looked at is not in order; it says what.
  static let found = ExitCode(1)
  /// EX_USAGE: a wrong option, URL, zone or name.
  static let usage = ExitCode(64)
  /// EX_DATAERR: a document, or some of the input, could not be used.
  static let data = ExitCode(65)
  /// EX_NOINPUT: no such schedule, or no such file.
  static let missing = ExitCode(66)
  /// EX_UNAVAILABLE: Redis is not reachable, or does not answer.
  static let unavailable = ExitCode(69)
  /// EX_SOFTWARE: something that should not happen.
  static let software = ExitCode(70)
  /// EX_OSERR: the system does not give the process what it must have.
  static let system = ExitCode(71)
  /// EX_CANTCREAT: it is there already, and would be overwritten.
  static let exists = ExitCode(73)
  /// EX_IOERR: a file or a pipe could not be written.
  static let output = ExitCode(74)
  /// EX_TEMPFAIL: somebody else changed it meanwhile, or Redis is not ready yet: the same command may work in a moment.
  static let conflict = ExitCode(75)
  /// EX_NOPERM: Redis does not let this user in, or does not let it do that.
  static let denied = ExitCode(77)
  /// EX_CONFIG: something must be changed, here or in Redis, before it makes sense.
  static let configuration = ExitCode(78)
}

/// Why a command ends: one line for the person, and the status for programs.
struct CommandError: Error, CustomStringConvertible {
  let status: ExitCode
  let description: String

  init(_ status: ExitCode, _ description: String) {
    self.status = status
    self.description = description
  }
}

extension StoreError {
  var exitStatus: ExitCode {
    switch kind {
    case .unreachable: .unavailable
    case .denied: .denied
    case .notReady: .conflict
    case .readOnly, .wrongType, .unsuitable: .configuration
    case .refused: .unavailable
    }
  }
}
