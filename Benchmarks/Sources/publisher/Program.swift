import BeatAMQP
import BeatCore
import BeatLoop
import Glibc
import Wire

/// The publisher of the daemon, without the daemon: scripts/bench rabbitmq.
///
///     publisher publish URL QUEUE COUNT SIZE WINDOW
///         publishes COUNT messages, WINDOW of them on their way at most; prints the nanoseconds until the last is
///         confirmed, and those of the processor
///     publisher frames QUEUE SIZE FILE
///         writes the frames of one such message into FILE; prints the bytes of its content header and of its body
///
/// SIZE is the length of a text among the task's arguments.
@main enum Program {
  static func main() throws {
    let arguments = CommandLine.arguments
    switch arguments.count > 1 ? arguments[1] : "" {
    case "publish" where arguments.count == 7:
      guard let count = Int(arguments[4]), let size = Int(arguments[5]), let window = Int(arguments[6]) else { usage() }
      var items = Items(to: arguments[3], size: size)
      let run = try Run(of: items.make(count), to: AMQPBroker(arguments[2]), window: window)
      let (time, processor) = run.measure()
      print(time, processor)
    case "frames" where arguments.count == 5:
      guard let size = Int(arguments[3]) else { usage() }
      var items = Items(to: arguments[2], size: size)
      try frames(of: items.make(1)[0], into: arguments[4])
    default: usage()
    }
  }

  static func usage() -> Never { fail("called by scripts/bench; its first lines say with what") }

  static func frames(of item: OutboxItem, into path: String) throws {
    let writer = AMQPFrameWriter(frameMax: 131_072)
    let message = try AMQPMessage(item, mostHeader: writer.mostHeader)
    var bytes: [UInt8] = []
    writer.append(message, isMandatory: true, channel: 1, to: &bytes)
    guard let file = fopen(path, "w"), fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
      fail("cannot write \(path)")
    }
    print(message.header.count, message.body.count)
  }
}
