/// Reading and writing, once the connection is open.
extension ByteStream {
  /// How many bytes are read at most before the owner gets them, and how often that may be in one turn of the loop:
  /// what else is ready then has its turn.
  static let readSize = 64 * 1024
  private static let readsInTurn = 4
  /// How many bytes go out at most in one turn, to a peer that takes them as fast as they come.
  private static let writtenInTurn = 1024 * 1024
  /// The largest record of TLS. A read with as much room leaves nothing behind in TLS.
  private static let recordSize = 16 * 1024

  // MARK: Reading

  func read() {
    for _ in 0..<Self.readsInTurn {
      let (bytes, last) = takeIn()
      if !bytes.isEmpty { tell(.received(bytes)) }
      switch (state, last) {
      case (.resolving, _), (.connecting, _), (.securing, _), (.closed, _):
        return
      case (.open(_, .none), .moved) where bytes.count < Self.readSize:
        // There is most likely no more; if there is, the socket tells it in the next turn.
        return
      case (_, .moved):
        break
      case (.open(let socket, let tls), .wantsRead):
        // Keys may have been renewed, for which the output had to wait.
        if tls != nil, !output.isEmpty { socket.writeSoon() }
        return
      case (.open(let socket, _), .wantsWrite):
        // What the socket has to read would wake the loop again and again until then.
        readWaitsToWrite = true
        socket.ignoreInput()
        socket.awaitRoom()
        return
      case (_, .insecure(let failure)):
        return end(.insecure(endpoint, failure))
      case (.draining(_, _, let reason), _):
        return end(reason)
      case (_, .ended):
        return end(.ended(endpoint))
      case (_, .broken(let code)):
        return end(.broken(endpoint, code))
      }
    }
    // No event of the socket tells what TLS holds, or that there is nothing more to drain.
    switch state {
    case .open(_, let tls?) where tls.hasPending: readSoon()
    case .draining: readSoon()
    default: break
    }
  }

  /// Reads in the next turn of the loop.
  func readSoon() {
    loop.soon { [weak self] in
      if let self { ready(.toRead) }
    }
  }

  /// Reads what is there, 64 KiB at most; `last` says how the last attempt went.
  private func takeIn() -> (bytes: [UInt8], last: ByteTransfer) {
    let (socket, tls): (StreamSocket, TLSSession?)
    switch state {
    case .open(let opened, let session): (socket, tls) = (opened, session)
    case .draining(let failed, let session, _): (socket, tls) = (failed, session)
    case .resolving, .connecting, .securing, .closed: return ([], .ended)
    }
    // The owner gets an array of the right size: it may keep it, and most are small.
    return withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 16) { buffer in
      guard let tls else {
        let last = socket.read(into: buffer)
        if case .moved(let count) = last { return ([UInt8](buffer[..<count]), last) }
        return ([], last)
      }
      var filled = 0
      var last: ByteTransfer
      repeat {
        last = tls.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        guard case .moved(let count) = last else { break }
        filled += count
      } while buffer.count - filled >= Self.recordSize
      return ([UInt8](buffer[..<filled]), last)
    }
  }

  // MARK: Writing

  /// Writes what waits, and then reads, if reading had to wait for that.
  func flush() {
    guard case .open(let socket, let tls) = state else { return }
    if readWaitsToWrite { socket.awaitInput() }
    switch writeOut(socket, tls) {
    case .moved:
      if !output.isEmpty {
        socket.awaitRoom()
      } else if isFinishing {
        socket.endOutput()
      }
    case .wantsWrite:
      socket.awaitRoom()
    case .wantsRead:
      // `read` goes on with the output.
      break
    case .ended:
      return drain(socket, tls, .ended(endpoint))
    case .broken(let code):
      return drain(socket, tls, .broken(endpoint, code))
    case .insecure(let failure):
      return drain(socket, tls, .insecure(endpoint, failure))
    }
    guard readWaitsToWrite else { return }
    readWaitsToWrite = false
    read()
  }

  /// Gives the system what it takes at once of the output; says how the last attempt went.
  func writeOut(_ socket: StreamSocket, _ tls: TLSSession?) -> ByteTransfer {
    var last = ByteTransfer.moved(0)
    var written = 0
    while !output.isEmpty, written < Self.writtenInTurn {
      last = output.withFirst { tls?.write($0) ?? socket.write($0) }
      guard case .moved(let count) = last else { break }
      output.removeFirst(count)
      written += count
    }
    return last
  }

  private func drain(_ socket: StreamSocket, _ tls: TLSSession?, _ reason: ByteStreamError) {
    output = OutputBuffer()
    state = .draining(socket, tls, reason)
    socket.awaitInput()
    read()
  }
}
