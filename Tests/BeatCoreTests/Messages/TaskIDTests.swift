import Testing

@testable import BeatCore

@Suite("TaskID: one id for one occurrence, however often it is sent")
struct TaskIDTests {
  /// The example of RFC 9562, appendix A.4.
  @Test func isUUIDVersion5() {
    let dns: [UInt8] = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8]
    let id = TaskID(namespace: dns, name: Array("www.example.com".utf8), sha1: SHA1.digest)
    #expect("\(id)" == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  }

  /// The examples of FIPS 180-4 check the tests' own SHA-1.
  @Test(arguments: [
    ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
  ])
  func theDigestOfTheTestsIsSHA1(_ text: String, _ hex: String) {
    let digest = SHA1.digest(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(digest == hex)
  }

  @Test func dependsOnTheKeyAndTheDueTimeOnly() {
    func id(_ key: String, _ due: UnixTime) -> TaskID { TaskID(key: Array(key.utf8), due: due, sha1: SHA1.digest) }
    let due = Sample.noon
    #expect(id("tasks:meta:a", due) == id("tasks:meta:a", due))
    #expect(id("tasks:meta:a", due) != id("tasks:meta:b", due))
    #expect(id("tasks:meta:a", due) != id("tasks:meta:a", due.advanced(by: 1)))
    // The end of the key matters: key "1" due at 23 is not key "12" due at 3.
    #expect(id("1", UnixTime(microseconds: 23)) != id("12", UnixTime(microseconds: 3)))
  }

  /// The id is in logs, watermarks and result keys for years, so it may never change. The expected value was made with
  /// Python's hashlib.
  @Test func staysTheSameFromReleaseToRelease() {
    let id = TaskID(key: Array("tasks:meta:nightly".utf8), due: Sample.noon, sha1: SHA1.digest)
    #expect("\(id)" == "2a5ba48b-5b9d-5af3-a73c-6c27164df100")
  }

  /// A watermark may hold any text. One that is no id as they are made here stays as it is.
  @Test(arguments: [
    "2a5ba48b-5b9d-5af3-a73c-6c27164df100", "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "2A5BA48B-5B9D-5AF3-A73C-6C27164DF100", "2a5ba48b55b9d-5af3-a73c-6c27164df10",
    "2a5ba48b-5b9d-5af3-a73c-6c27164df10g",
    "2a5ba48b-5b9d-5af3-a73c-6c27164df1000", "x", "", "é",
  ])
  func aTextIsReadAsItWasWritten(_ text: String) {
    let id = TaskID(text: text)
    #expect("\(id)" == text && id.utf8 == Array(text.utf8) && id.utf8Count == text.utf8.count)
    #expect(id == TaskID(text: text) && id != TaskID(text: text + "0"))
  }
}
