import ArgumentParser
import BeatCore
import ReactiveBeat

/// The exit statuses of all commands, from sysexits.h. They are chosen here and nowhere else.
extension ExitCode {
  /// `lint`, `doctor`, `status`: the command has found something that is not in order, and says what.
  static let found = ExitCode(1)
  /// EX_USAGE: a wrong option, URL, zone or name.
  static let usage = ExitCode(64)
  /// EX_DATAERR: a document, or some of the input, could not be used.
  static let data = ExitCode(65)
  /// EX_NOINPUT: no such schedule, or no such file.
  static let missing = ExitCode(66)
  /// EX_UNAVAILABLE: Redis is not reachable, or does not answer.
  static let unavailable = ExitCode(69)
  /// EX_SOFTWARE: an error of this program.
  static let software = ExitCode(70)
  /// EX_OSERR: the system does not give the process what it needs.
  static let system = ExitCode(71)
  /// EX_CANTCREAT: the schedule exists already, and would be overwritten.
  static let exists = ExitCode(73)
  /// EX_IOERR: a file or a pipe could not be written.
  static let output = ExitCode(74)
  /// EX_TEMPFAIL: another client has changed the document, or Redis is not ready yet. The same command may work in a
  /// moment.
  static let conflict = ExitCode(75)
  /// EX_NOPERM: Redis refuses this user, or refuses the user the command.
  static let denied = ExitCode(77)
  /// EX_CONFIG: a setting, here or in Redis, must be changed before the command makes sense.
  static let configuration = ExitCode(78)
}

/// Why a command ends: one line for the user, and the status for programs.
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
