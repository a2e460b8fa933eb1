import BeatCore
import ReactiveBeat

extension ImportCommand {
  /// Tells, on standard error, that the workers keep their messages elsewhere than this command's settings say: no
  /// worker would take what is sent. Standard error is the place for it because it concerns no single schedule.
  func tellTransport(of dump: [UInt8]) throws {
    let ours = try store.transportOptions()
    let theirs: TransportOptions
    do {
      guard let told = try BeatScheduleDump.transportOptions(dump) else { return }
      theirs = told
    } catch {
      return StandardError.write(
        line: "beat-watch: the application's broker_transport_options cannot be used here: \(error)".printable)
    }
    guard theirs.keys != ours.keys else { return }
    let value = RedisCLI.quoted("\(theirs)")
    StandardError.write(
      line:
        "beat-watch: the application's workers keep their messages elsewhere than these settings say: give the daemons "
        + "and all commands --broker-transport-options \(value), or CELERY_BROKER_TRANSPORT_OPTIONS=\(value)")
  }
}
