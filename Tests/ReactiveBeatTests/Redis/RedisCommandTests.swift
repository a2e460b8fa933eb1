import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct RedisCommandTests {
  @Test("writes the wire format")
  func wireFormat() {
    #expect(RedisCommand("PING").bytes == Array("*1\r\n$4\r\nPING\r\n".utf8))
    let command = RedisCommand("SET", [0, 13, 10, 255] as [UInt8], "ä%s", -7, Int64.min, "" as Substring)
    #expect(
      command.bytes == Array("*6\r\n$3\r\nSET\r\n$4\r\n".utf8) + [0, 13, 10, 255]
        + Array("\r\n$4\r\nä%s\r\n$2\r\n-7\r\n$20\r\n-9223372036854775808\r\n$0\r\n\r\n".utf8))
  }

  @Test("counts any number of arguments, and ends in a NUL that is not sent", arguments: [8, 9, 98, 99, 998, 999])
  func manyArguments(count: Int) {
    var command = RedisCommand("DEL")
    command.append(contentsOf: Array(repeating: [120], count: count))
    #expect(
      command.bytes == Array("*\(count + 1)\r\n$3\r\nDEL\r\n".utf8)
        + Array(repeating: Array("$1\r\nx\r\n".utf8), count: count).joined())
    command.withBytes { bytes in
      let afterwards = bytes.baseAddress.map { ($0 + bytes.count).pointee }
      #expect(afterwards == 0)
    }
  }

  @Test("a copy is independent")
  func copies() {
    let get = RedisCommand("GET", "a")
    var mget = get
    mget.append("b")
    #expect(get.bytes == Array("*2\r\n$3\r\nGET\r\n$1\r\na\r\n".utf8))
    #expect(mget.bytes == Array("*3\r\n$3\r\nGET\r\n$1\r\na\r\n$1\r\nb\r\n".utf8))
  }
}

@Suite struct RedisReplyTests {
  @Test(
    "takes an error line apart",
    arguments: [
      ("NOSCRIPT No matching script.", "NOSCRIPT"), ("ERR", "ERR"), ("WRONGTYPE Operation", "WRONGTYPE"), ("", "ERR"),
      ("something else", "ERR"), ("Ärger", "ERR"), ("-", "ERR"),
    ])
  func errorLine(_ line: String, _ code: String) {
    #expect(RedisServerError(line).code == code)
    #expect(RedisServerError(line).description == line)
  }

  @Test("conveniences answer for their own case only")
  func conveniences() {
    let all: [RedisReply] = [
      .string([65]), .status("OK"), .integer(3), .array([.null]), .null, .error(RedisServerError("ERR x")), .double(1),
      .boolean(true),
    ]
    #expect(all.map(\.text) == ["A", "OK", nil, nil, nil, nil, nil, nil])
    #expect(all.map(\.bytes) == [[65], [79, 75], nil, nil, nil, nil, nil, nil])
    #expect(all.map(\.integer) == [nil, nil, 3, nil, nil, nil, nil, nil])
    #expect(all.map(\.array) == [nil, nil, nil, [.null], nil, nil, nil, nil])
    #expect(all.map(\.isNull) == [false, false, false, false, true, false, false, false])
    #expect(all.map(\.isOK) == [false, true, false, false, false, false, false, false])
    #expect(all.compactMap(\.error).map(\.code) == ["ERR"])
  }

  /// A long run of combining marks would make each comparison quadratic: a megabyte of them would take minutes.
  @Test func textHasNoEndlessRunOfMarks() {
    let marks = String(repeating: "\u{301}\u{323}", count: 500)
    #expect(RedisReply.string(Array(marks.utf8)).text?.unicodeScalars.contains("\u{34F}") == true)
    #expect(RedisReply.string(Array(marks.utf8)).bytes == Array(marks.utf8))
  }
}
