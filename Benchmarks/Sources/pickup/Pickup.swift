import Glibc
import Wire

/// Measures how long an edit takes to become a message.
///
///     pickup measure SOCKET DATABASE PREFIX QUEUE new|edit FIRST COUNT SCHEDULES
///     pickup floor SOCKET DATABASE PREFIX QUEUE
///
/// `measure` SETs COUNT schedules that ask to run immediately, one after another. For each it prints the nanoseconds
/// from before its SET until a client that was blocked on the queue has its message. `new` uses a new name for each;
/// `edit` uses the existing names `idle:0` to `idle:SCHEDULES-1`, in turn.
///
/// `floor` does the least that any program between SET and queue must do: it gets the event, GETs the document, and
/// calls a script that pushes a message, stores a watermark and writes the document back. It examines and decides
/// nothing.
@main enum Pickup {
  static func main() {
    let arguments = CommandLine.arguments
    switch arguments.count > 5 ? arguments[1] : "" {
    case "measure" where arguments.count == 10:
      guard let database = Int(arguments[3]), let first = Int(arguments[7]), let count = Int(arguments[8]),
        let schedules = Int(arguments[9]), schedules > 0
      else { usage() }
      measure(
        arguments[2], database: database, prefix: arguments[4], queue: arguments[5], isNew: arguments[6] == "new",
        first..<first + count, of: schedules)
    case "floor" where arguments.count == 6:
      guard let database = Int(arguments[3]) else { usage() }
      floor(arguments[2], database: database, prefix: arguments[4], queue: arguments[5])
    default: usage()
    }
  }

  static func usage() -> Never { fail("called by scripts/bench; its first lines say with what") }

  static func measure(
    _ socket: String, database: Int, prefix: String, queue: String, isNew: Bool, _ numbers: Range<Int>,
    of schedules: Int
  ) {
    let editor = Connection(socket, database: database)
    let worker = Connection(socket, database: 0)
    var durations: [Int64] = []
    for number in numbers {
      let name = isNew ? "new:\(number)" : "idle:\(number % schedules)"
      // The number in the task's name shows that the message belongs to this edit.
      let document = """
        {"name": "\(name)", "task": "bench.\(number)", "enabled": true, "run_immediately": true, \
        "interval": {"every": 300, "period": "days"}, "args": [\(number)], "kwargs": {"region": "north"}}
        """
      worker.send("BRPOP", queue, "10")
      let start = now()
      editor.send("SET", prefix + name, document)
      let message = worker.receive()
      durations.append(now() - start)
      _ = editor.receive()
      guard message.count == 2 else { fail("no message within 10 s of the SET of \(prefix)\(name)") }
      guard message[1].contains("\"bench.\(number)\"") else { fail("another message than that of \(name)") }
    }
    for duration in durations { print(duration) }
  }

  static func floor(_ socket: String, database: Int, prefix: String, queue: String) {
    let events = Connection(socket, database: database)
    let commands = Connection(socket, database: database)
    // As in fire.lua, the queue is in database 0; the watermark and the document are in `database`.
    let script = """
      redis.call('SELECT', '0') redis.call('LPUSH', KEYS[1], ARGV[1]) redis.call('SELECT', ARGV[3])
      redis.call('HSET', KEYS[2], KEYS[3], ARGV[2]) redis.call('SET', KEYS[3], ARGV[1], 'KEEPTTL') return 'OK'
      """
    let digest = commands.call("SCRIPT", "LOAD", script)[0]
    let channel = "__keyspace@\(database)__:"
    events.call("PSUBSCRIBE", channel + prefix + "*")
    print("ready")
    fflush(nil)
    var echoes = 0
    while true {
      let event = events.receive()  // pmessage, pattern, channel, event
      guard event.count == 4 else { continue }
      if echoes > 0 {
        echoes -= 1
        continue
      }
      let key = String(event[2].dropFirst(channel.count))
      let document = commands.call("GET", key)[0]
      commands.call(
        "EVALSHA", digest, "3", queue, "watermark:floor", key, document, "00001795214563123456|id|1", "\(database)")
      echoes = 1
    }
  }
}
