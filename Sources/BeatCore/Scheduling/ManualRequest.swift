/// A request for a run by hand, as it waits in the store: `<microseconds since 1970, 20 digits>|<entry>`. After that
/// time its sender waits no longer, and it is not fired.
package struct ManualRequest: Hashable, Sendable {
  package var entry: EntryName
  package var deadline: UnixTime

  package init(_ entry: EntryName, deadline: UnixTime) {
    self.entry = entry
    self.deadline = deadline
  }

  /// Reads a stored request; nil: these bytes were not written by `bytes`.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count > 21, bytes[20] == UInt8(ascii: "|"),
      bytes[..<20].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let microseconds = Int64(String(decoding: bytes[..<20], as: UTF8.self))
    else { return nil }
    self.init(EntryName(Array(bytes[21...])), deadline: UnixTime(microseconds: microseconds))
  }

  package var bytes: [UInt8] { Array("\(Watermark.digits(deadline))|".utf8) + entry.bytes }
}
