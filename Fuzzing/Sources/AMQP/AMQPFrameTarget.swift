@testable import BeatAMQP

extension FuzzTarget {
  /// What a server sends, in pieces of any size.
  static let amqpFrames = FuzzTarget(
    "amqpframes",
    words: [
      "\u{1}\u{0}\u{1}\u{0}\u{0}\u{0}\u{4}", "\u{0}\u{A}\u{0}\u{A}", "\u{0}\u{3C}\u{0}\u{32}", "AMQP", "HTTP/", "-ERR ",
      "\u{15}\u{3}", "\u{2}\u{0}\u{1}", "\u{3}\u{0}\u{1}", "\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
    ],
    seeds: {
      [
        [0] + AMQPSamples.frames, [7] + AMQPSamples.frames.prefix(300), [1] + Array("AMQP".utf8) + [0, 1, 0, 0],
        [3] + Array("HTTP/1.1 400 Bad Request".utf8), [2, 0x15, 3, 3, 0, 2, 2, 22],
      ] + AMQPSamples.methods.map { [0] + framed($0) }
    },
    check: { bytes in
      var input = FuzzInput(bytes)
      let size = Int(input.byte()) + 1
      let rest = Array(input.rest)
      try holdFrames(rest, size: size)
      // Lengths and ends that stand wrong are found at once, so each input is tried as one frame's payload, too.
      for kind in [AMQPFrame.Kind.method, AMQPFrame.Kind.header] {
        var frame: [UInt8] = [kind, 0, 1]
        frame.append(long: rest.prefix(4000))
        try holdFrames(framed(.openOK) + frame + [AMQPFrame.endOctet], size: 4096)
      }
    })

  private static func framed(_ method: AMQPMethod) -> [UInt8] {
    var bytes: [UInt8] = []
    AMQPFrameWriter().append(method, channel: 0, to: &bytes)
    return bytes
  }

  private static func holdFrames(_ bytes: [UInt8], size: Int) throws {
    let whole = read(bytes, size: bytes.count + 1)
    let pieces = read(bytes, size: size)
    try hold(whole.frames == pieces.frames, "other frames when they come in pieces of \(size)")
    // A stranger is told by what has come so far.
    try hold((whole.error == nil) == (pieces.error == nil), "\(String(describing: whole.error)) only in one piece")
    for error in [whole.error, pieces.error].compactMap({ $0 }) { try holdOneLine(error.description) }
    // A number that was read from few bytes may be written in more.
    for frame in whole.frames {
      // An empty body has no frame.
      if case .body([], _) = frame { continue }
      let (again, error) = read(framed(.unblocked) + written(frame), size: 4096, frameMax: 1 << 20)
      try hold(error == nil && again.last == frame, "\(frame) is read otherwise than it was written")
    }
  }

  private static func read(
    _ bytes: [UInt8], size: Int, frameMax: Int = 8192
  ) -> (frames: [AMQPFrame], error: AMQPError?) {
    var reader = AMQPFrameReader(frameMax: frameMax)
    var frames: [AMQPFrame] = []
    var rest = bytes[...]
    do throws(AMQPError) {
      while !rest.isEmpty {
        reader.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        while let frame = try reader.next() { frames.append(frame) }
      }
      return (frames, nil)
    } catch { return (frames, error) }
  }

  private static func written(_ frame: AMQPFrame) -> [UInt8] {
    let writer = AMQPFrameWriter(frameMax: 1 << 20)
    var bytes: [UInt8] = []
    switch frame {
    case .method(let method, let channel): writer.append(method, channel: channel, to: &bytes)
    case .header(let header, let channel):
      writer.append(header: header.payload, body: [], channel: channel, to: &bytes)
    case .body(let body, let channel):
      writer.append(header: [], body: body, channel: channel, to: &bytes)
      bytes.removeFirst(AMQPFrame.overhead)
    case .heartbeat: writer.appendHeartbeat(to: &bytes)
    }
    return bytes
  }
}
