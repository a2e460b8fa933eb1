import BeatLoop
import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct ByteStreamTransferTests {
  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
  }

  @Test("what is written in one turn goes out together, at the turn's end")
  func oneFlush() throws {
    let heard = Holding<[[UInt8]]>([])
    let listener = try TCPListener { peer in
      while case let bytes = peer.receive(), !bytes.isEmpty { heard.change { $0.append(bytes) } }
    }
    try onLoop { loop in
      let owner = StreamOwner(listener.port, on: loop) { owner, event in
        guard case .opened = event else { return }
        for _ in 0..<1000 { owner.write("0123456789") }
        #expect(owner.unsent == 10_000)
        loop.afterWriting {
          #expect(owner.unsent == 0)
          owner.close()
          loop.stop()
        }
      }
      return owner
    }
    #expect(eventually { heard.value.joined().count == 10_000 })
    #expect(heard.value.count == 1)
  }

  @Test("a reader that stalls: what is unsent grows, and drains when it reads again")
  func stalledReader() throws {
    let mayRead = try BeatLoop.Semaphore()
    let (size, parts) = (1 << 20, 48)
    let heard = Holding<[UInt8]>([])
    let listener = try TCPListener { peer in
      mayRead.wait()
      let bytes = peer.receive(exactly: size * parts)
      heard.change { $0 = bytes }
      peer.send("done")
      _ = peer.receive()
    }
    let part = ByteStreamTransferTests.pattern(size)
    var stalled = 0
    try onLoop(seconds: 60) { loop in
      var owner: StreamOwner!
      let later = LoopTimer(on: loop) {
        stalled = owner.unsent
        mayRead.signal()
      }
      owner = StreamOwner(listener.port, on: loop) { owner, event in
        switch event {
        case .opened:
          for _ in 0..<parts { owner.write(part) }
          #expect(owner.unsent == size * parts)
          later.schedule(after: 100_000)
        default:
          #expect(owner.unsent == 0)
          owner.close()
          loop.stop()
        }
      }
      return (owner, later)
    }
    // The system took as much as its buffers hold.
    #expect(stalled > size * parts / 2 && stalled < size * parts)
    expectSame(heard.value, Array(repeatElement(part, count: parts).joined()))
  }

  @Test("a fast sender has its bounded share of a turn")
  func boundedReading() throws {
    let size = 8 << 20
    let listener = try TCPListener { peer in
      peer.send([UInt8](repeating: 7, count: size))
      _ = peer.receive()
    }
    var most = 0
    var total = 0
    try onLoop(seconds: 60) { loop in
      var before = 0
      let owner = StreamOwner(listener.port, on: loop) { owner, event in
        guard case .received = event else {
          // By then the system's buffers are full.
          usleep(100_000)
          return
        }
        total = owner.received.count
        guard total == size else { return }
        owner.close()
        loop.stop()
      }
      func turn() {
        most = max(most, owner.received.count - before)
        before = owner.received.count
        if total < size { loop.soon(turn) }
      }
      loop.soon(turn)
      return owner
    }
    #expect(total == size)
    #expect(most <= 4 * 65_536)
    // The bound was reached: it was no slow sender.
    #expect(most > 65_536)
  }

  @Test("bytes before the end come before it", arguments: [1, 5, 65_536, 300_000])
  func bytesThenClose(count: Int) throws {
    let bytes = ByteStreamTransferTests.pattern(count)
    let listener = try TCPListener { $0.send(bytes) }
    try onLoop { loop in
      StreamOwner(listener.port, on: loop) { owner, event in
        guard case .closed(let error) = event else { return }
        expectSame(owner.received, bytes)
        #expect(error.kind == .closedByPeer)
        #expect(error.message == "the server at 127.0.0.1:\(listener.port) closed the connection")
        loop.stop()
      }
    }
  }

  @Test("a write fails: the server's last bytes are still delivered", arguments: [11, 60_000])
  func lastWords(count: Int) throws {
    let last = ByteStreamTransferTests.pattern(count)
    let isAnswered = try BeatLoop.Semaphore()
    let listener = try TCPListener { peer in
      _ = peer.receive(1)
      peer.send(last)
      isAnswered.signal()
      // The rest of the input is not read, so that the system resets the connection.
    }
    try onLoop { loop in
      let owner = StreamOwner(listener.port, on: loop) { owner, event in
        switch event {
        case .opened:
          owner.write("hello")
          loop.afterWriting {
            isAnswered.wait()
            usleep(100_000)
            // It goes out before the loop sees that the socket has input.
            owner.write("more")
          }
        case .received: break
        case .closed(let error):
          expectSame(owner.received, last)
          #expect(error.kind == .closedByPeer)
          loop.stop()
        }
      }
      return owner
    }
  }

  @Test("closed or released in its own callback, with more on its way", arguments: [false, true])
  func closedInCallback(released: Bool) throws {
    let listener = try TCPListener { peer in
      peer.send([UInt8](repeating: 1, count: 1 << 20))
      _ = peer.receive()
    }
    try onLoop { loop in
      let end = LoopTimer(on: loop) { loop.stop() }
      let owner = StreamOwner(listener.port, on: loop) { owner, event in
        guard case .received = event else { return }
        owner.write("bye")
        if released { owner.release() } else { owner.close() }
        #expect(owner.unsent == 0)
        end.schedule(after: 50_000)
      }
      return (owner, end)
    }
  }

  @Test("a close sends what was written, and no event comes after it")
  func closeSends() throws {
    let heard = Holding<[UInt8]?>(nil)
    let listener = try TCPListener { peer in
      peer.send("hello")
      let bytes = peer.receive(exactly: 1_000_000)
      heard.change { $0 = bytes }
    }
    try onLoop { loop in
      let end = LoopTimer(on: loop) { loop.stop() }
      let owner = StreamOwner(listener.port, on: loop) { owner, event in
        guard case .received = event else { return }
        owner.write("good")
        owner.write("bye")
        owner.close()
        owner.write("lost")
        owner.close()
        end.schedule(after: 50_000)
      }
      return (owner, end)
    }
    #expect(eventually { heard.value != nil })
    #expect(heard.value == Array("goodbye".utf8))
  }

  @Test("the last reference ends the connection")
  func dropped() throws {
    let isAtEnd = Holding(false)
    let listener = try TCPListener { peer in
      peer.send("hello")
      let bytes = peer.receive()
      isAtEnd.change { $0 = bytes.isEmpty }
    }
    try onLoop { loop in
      var owner: StreamOwner!
      let later = LoopTimer(on: loop) {
        owner.drop()
        #expect(eventually { isAtEnd.value })
        loop.stop()
      }
      owner = StreamOwner(listener.port, on: loop) { _, event in
        if case .received = event { later.schedule(after: 1000) }
      }
      return (owner, later)
    }
  }

  @Test("a broken connection is noticed while nothing is written")
  func reset() throws {
    let listener = try TCPListener { peer in
      var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
      setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
    let (error, _) = try closingError(of: "127.0.0.1", listener.port)
    // It may be broken before the stream has looked whether the connection stands.
    #expect([.closedByPeer, .unreachable].contains(error.kind))
  }

  @Test("closed streams leave no descriptor behind")
  func leaks() async throws {
    await #expect(processExitsWith: .success) {
      let listener = try TCPListener { _ = $0.receive() }
      let closed = try RedisServer.freePort()
      let before = openDescriptors()
      for round in 0..<50 {
        try onLoop { loop in
          StreamOwner(round % 2 == 0 ? listener.port : closed, on: loop) { owner, event in
            if case .opened = event { owner.close() }
            loop.stop()
          }
        }
      }
      #expect(openDescriptors() <= before + 1)
    }
  }
}
