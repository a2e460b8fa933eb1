import Glibc
import Wire

/// Reports when each message came onto a queue. It takes no message and reads none.
///
///     watch SOCKET DATABASE QUEUE FILE
///
/// It asks for the queue's length every half millisecond, until SIGTERM. Then it writes a line into FILE for each
/// change of the length: the microseconds since 1970 when the reply came, and the length. The messages stay where they
/// were pushed, the first at the tail. So the n-th message from the tail was there at the first line that says n or
/// more. That time is never too early, and at most a millisecond too late while the machine keeps up.
@main enum Watch {
  nonisolated(unsafe) static var isOver: sig_atomic_t = 0

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let database = Int(arguments[2]) else {
      fail("called by scripts/bench with SOCKET DATABASE QUEUE FILE")
    }
    signal(SIGTERM) { _ in Watch.isOver = 1 }
    let redis = Connection(arguments[1], database: database)
    let question = Connection.encoded(["LLEN", arguments[3]])
    var history: [(time: Int64, length: Int)] = []
    history.reserveCapacity(1 << 20)
    var last = -1
    print("ready")
    fflush(nil)
    while isOver == 0 {
      redis.send(question)
      var length = 0
      redis.receive { length = $0.reduce(0) { $0 * 10 + Int($1) - 48 } }
      if length != last {
        history.append((now(CLOCK_REALTIME) / 1000, length))
        last = length
      }
      usleep(500)
    }
    guard let file = fopen(arguments[4], "w") else { fail("cannot write \(arguments[4])") }
    for (time, length) in history { fputs("\(time) \(length)\n", file) }
    fclose(file)
  }
}
