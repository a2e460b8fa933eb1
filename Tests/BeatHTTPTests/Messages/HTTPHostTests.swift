import Testing

@testable import BeatHTTP

/// What a request's `Host` names.
@Suite struct HTTPHostTests {
  @Test(
    "hosts are read",
    arguments: [
      ("127.0.0.1:9809", "127.0.0.1", true), ("LocalHost", "localhost", true), ("[::1]:80", "::1", true),
      ("10.1.2.3", "10.1.2.3", true), ("beat.Example.", "beat.example", false), ("a:", "a", false),
      ("127.0.0.1.nip.example", "127.0.0.1.nip.example", false), ("localhost.evil", "localhost.evil", false),
      ("0x7f.1", "0x7f.1", false), ("[dead]", nil, false), ("[::1", nil, false), ("[::1]x", nil, false),
      ("a:b", nil, false), ("a:123456", nil, false), ("", nil, false), (":80", nil, false), (".", nil, false),
    ] as [(String, String?, Bool)])
  func hosts(text: String, name: String?, isDirect: Bool) {
    let host = HTTPHost(text)
    #expect(host?.name == name)
    #expect((host?.isDirect ?? false) == isDirect)
  }
}
