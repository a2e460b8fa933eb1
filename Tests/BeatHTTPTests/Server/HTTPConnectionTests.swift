import Testing

@testable import BeatCore
@testable import BeatHTTP

/// Connections on virtual time: slow, greedy and vanishing clients.
@Suite struct HTTPConnectionTests {
  private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
  private let second: Int64 = 1_000_000

  @Test("a connection carries request after request")
  func keptAlive() throws {
    let stage = HTTPStage()
    let client = try #require(stage.connect())
    client.send(get)
    client.send(get)
    #expect(client.text.split(separator: "HTTP/1.1 200 OK").count == 2)
    #expect(!client.isEnded && stage.connections.count == 1)
    client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    #expect(client.isEnded && client.text.contains("Connection: close"))
    client.hangUp()
    #expect(stage.connections.count == 0)
  }

  @Test("requests that come together are answered in their order")
  func pipelined() throws {
    let stage = HTTPStage()
    stage.answer = nil
    let client = try #require(stage.connect())
    client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(stage.exchanges.count == 1)
    stage.surroundings.turn(at: stage.surroundings.now) { stage.exchanges[0].respond(.text(.ok, "one")) }
    #expect(stage.exchanges.count == 2)
    stage.exchanges[1].respond(.text(.ok, "two"))
    #expect(client.text.contains("one\nHTTP/1.1 200 OK"))
    #expect(client.text.hasSuffix("two\n"))
  }

  @Test("HEAD has the length and no body")
  func head() throws {
    let stage = HTTPStage()
    let client = try #require(stage.connect())
    client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(client.text.contains("Content-Length: 6") && client.text.hasSuffix("\r\n\r\n"))
  }

  @Test("a client that sends a byte a second is refused as one that sends none")
  func slowHead() throws {
    let stage = HTTPStage()
    let (silent, slow) = (try #require(stage.connect()), try #require(stage.connect()))
    for character in get.prefix(6) {
      slow.send(String(character))
      stage.pass(second)
    }
    #expect(silent.isClosed && silent.received.isEmpty)
    #expect(slow.text.hasPrefix("HTTP/1.1 408 ") && slow.isEnded && stage.exchanges.isEmpty)
    stage.pass(2 * second)
    #expect(slow.isClosed && stage.connections.count == 0)
  }

  @Test("a slow body has its own time")
  func slowBody() throws {
    let stage = HTTPStage()
    let client = try #require(stage.connect())
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n")
    stage.pass(10 * second)
    client.send("ab")
    #expect(!client.isEnded)
    stage.pass(21 * second)
    #expect(client.isEnded && client.text.contains("408") && stage.exchanges.isEmpty)
  }

  @Test("an idle connection ends, and one that goes on asking does not")
  func idle() throws {
    let stage = HTTPStage()
    let (idle, busy) = (try #require(stage.connect()), try #require(stage.connect()))
    idle.send(get)
    for _ in 0..<4 {
      busy.send(get)
      stage.pass(20 * second)
    }
    #expect(idle.isClosed && !busy.isClosed)
  }

  @Test("after a request that is refused, what is still coming is dropped, and the connection ends")
  func refusal() throws {
    let stage = HTTPStage()
    let client = try #require(stage.connect())
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n")
    #expect(client.text.hasPrefix("HTTP/1.1 413 ") && client.isEnded && !client.isClosed)
    client.send(String(repeating: "a", count: 2_000))
    stage.pass(2 * second)
    #expect(client.isClosed && stage.exchanges.isEmpty)
  }

  @Test("a client that goes away ends its exchange, and an answer that comes later goes nowhere")
  func vanishing() throws {
    let stage = HTTPStage()
    stage.answer = nil
    let client = try #require(stage.connect())
    client.send(get)
    var ends = 0
    stage.exchanges[0].onEnd = { ends += 1 }
    client.hangUp()
    #expect(ends == 1 && stage.exchanges[0].isOver)
    stage.exchanges[0].respond(.text(.ok, "late"))
    #expect(client.received.isEmpty && ends == 1)
  }

  @Test("while it waits for an answer, a client cannot fill the memory")
  func flood() throws {
    let stage = HTTPStage()
    stage.answer = nil
    let client = try #require(stage.connect())
    client.send(get)
    for _ in 0..<20 where !client.isClosed { client.send(String(repeating: "a", count: 1_000)) }
    #expect(client.isClosed && stage.exchanges[0].isOver)
  }

  @Test("a client that does not take its response is given up")
  func slowReader() throws {
    let stage = HTTPStage()
    stage.answer = { $0.respond(HTTPResponse(.ok, type: "a/b", body: [UInt8](repeating: 0, count: 10_000))) }
    let (stuck, slow) = (try #require(stage.connect()), try #require(stage.connect()))
    (stuck.reads, slow.reads) = (false, false)
    stuck.send(get)
    slow.send(get)
    for _ in 0..<4 {
      slow.take(2_000)
      stage.pass(9 * second)
    }
    #expect(stuck.isClosed && !slow.isClosed)
    slow.take(10_000)
    stage.pass(30 * second)
    #expect(!slow.isClosed)
    stage.pass(20 * second)
    #expect(slow.isClosed)
  }

  @Test("a stream is sent in chunks, until it ends")
  func stream() throws {
    let stage = HTTPStage()
    stage.answer = nil
    let client = try #require(stage.connect())
    client.send(get)
    let stream = try #require(stage.exchanges[0].stream(HTTPResponse(.ok, type: "text/event-stream", body: [])))
    #expect(stream.write(Array("data: 1\n\n".utf8)) && stream.write([]))
    stage.pass(600 * second)
    #expect(stream.write(Array("data: 2\n\n".utf8)))
    stream.finish()
    #expect(client.text.hasSuffix("9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n") && client.isEnded)
    #expect(!stream.write([1]) && stream.isOver)
  }

  @Test("an old client's stream ends with the connection")
  func oldStream() throws {
    let stage = HTTPStage()
    stage.answer = nil
    let client = try #require(stage.connect())
    client.send("GET /a HTTP/1.0\r\n\r\n")
    let stream = try #require(stage.exchanges[0].stream(HTTPResponse(.ok, type: "text/plain", body: [])))
    stream.write(Array("one".utf8))
    stream.finish()
    #expect(client.text.contains("Connection: close") && client.text.hasSuffix("\r\n\r\none"))
  }

  @Test("a stream's reader who falls behind is given up, by size and by time")
  func slowStream() throws {
    let stage = HTTPStage { $0.unsent = 10_000 }
    stage.answer = nil
    let (fast, greedy, stuck) = (
      try #require(stage.connect()), try #require(stage.connect()), try #require(stage.connect())
    )
    for client in [fast, greedy, stuck] { client.send(get) }
    let streams = stage.exchanges.compactMap { $0.stream(HTTPResponse(.ok, type: "a/b", body: [])) }
    var ends = 0
    stage.exchanges[2].onEnd = { ends += 1 }
    (greedy.reads, stuck.reads) = (false, false)
    streams[2].write([1])
    for _ in 0..<11 { streams[1].write([UInt8](repeating: 0, count: 1_000)) }
    #expect(greedy.isClosed && streams[1].isOver)
    stage.pass(25 * second)
    #expect(stuck.isClosed && streams[2].isOver && ends == 1)
    #expect(!fast.isClosed && !streams[0].isOver)
  }

  @Test("one that asks on and takes no answers is given up before they fill the memory")
  func untaken() throws {
    let stage = HTTPStage { $0.unsent = 5_000 }
    stage.answer = { $0.respond(HTTPResponse(.ok, type: "a/b", body: [UInt8](repeating: 0, count: 1_000))) }
    let (greedy, slow) = (try #require(stage.connect()), try #require(stage.connect()))
    (greedy.reads, slow.reads) = (false, false)
    for _ in 0..<20 where !greedy.isClosed { greedy.send(get) }
    #expect(greedy.isClosed && stage.exchanges.count < 8)
    for _ in 0..<15 {
      slow.send(get)
      slow.take(1_500)
      stage.pass(second)
    }
    #expect(!slow.isClosed)
    slow.send(get)
    stage.pass(9 * second)
    #expect(!slow.isClosed)
    slow.send(get)
    stage.pass(2 * second)
    #expect(slow.isClosed)
  }

  @Test("the beginning of a next request has a head's time, and no more")
  func trickle() throws {
    let stage = HTTPStage()
    let client = try #require(stage.connect())
    client.send(get + "G")
    stage.pass(6 * second)
    #expect(client.isEnded && client.text.contains("408"))
  }

  @Test("a body comes only if its head is let in, and all bodies together have a bound")
  func bodies() throws {
    let stage = HTTPStage { $0.bodies = 1_500 }
    stage.refuse = { $0.fields["x-in"] == nil ? .text(.unauthorized, "log in first") : nil }
    let stranger = try #require(stage.connect())
    stranger.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n")
    #expect(stranger.text.hasPrefix("HTTP/1.1 401 ") && stranger.isEnded)
    let post = "POST /a HTTP/1.1\r\nHost: h\r\nX-In: 1\r\nContent-Length: 900\r\n\r\n"
    let (first, second) = (try #require(stage.connect()), try #require(stage.connect()))
    first.send(post)
    second.send(post)
    #expect(first.received.isEmpty && stage.connections.announced == 900)
    #expect(second.text.hasPrefix("HTTP/1.1 503 ") && second.isEnded)
    first.send(String(repeating: "a", count: 900))
    #expect(first.text.hasPrefix("HTTP/1.1 200 ") && stage.connections.announced == 0)
  }

  @Test("those that hold connections open with half a request keep nobody out")
  func halfRequests() throws {
    let stage = HTTPStage { $0.connections = 3 }
    let clients = try (0..<3).map { _ in
      stage.pass(1)
      return try #require(stage.connect())
    }
    for client in clients { client.send("GET /a HTTP/1.1\r\n") }
    let newcomer = try #require(stage.connect())
    #expect(clients[0].isClosed && !clients[1].isClosed)
    newcomer.send(get)
    #expect(newcomer.text.hasPrefix("HTTP/1.1 200 "))
    clients[2].send("x\r\n\r\n")
    #expect(clients[2].text.hasPrefix("HTTP/1.1 400 ") && !clients[2].isClosed)
    _ = try #require(stage.connect())
    #expect(clients[2].isClosed && !clients[1].isClosed, "one that is leaving goes first")
    #expect(stage.connections.refused == 0 && stage.connections.count == 3)
  }

  @Test("one that takes all answers, and asks faster than it is answered, is given up")
  func flooding() throws {
    let stage = HTTPStage { $0.head = 1_000 }
    let client = try #require(stage.connect())
    client.send(String(repeating: get, count: 200))
    #expect(client.isClosed && stage.exchanges.count == 1)
  }

  @Test("with all places taken, the longest idle connection makes room, and a busy one does not")
  func room() throws {
    let stage = HTTPStage { $0.connections = 2 }
    let first = try #require(stage.connect())
    first.send(get)
    stage.pass(second)
    let second = try #require(stage.connect())
    second.send(get)
    let third = try #require(stage.connect())
    #expect(first.isClosed && !second.isClosed && stage.connections.count == 2)
    stage.answer = nil
    second.send(get)
    third.send(get)
    #expect(stage.connect() == nil && stage.connections.refused == 1 && stage.connections.count == 2)
  }
}
