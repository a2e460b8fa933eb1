/// Schedules that have been read, by their text: among a million documents few are due at times of their own, and a
/// crontab is the dearest part of a document. What is read once is in memory once, too.
///
/// A memo holds for one `DocumentContext`. It is a class, since it only remembers: readers that share it read the same.
final class ScheduleMemo {
  /// The most readings that are remembered: with one more all are forgotten. The 1,440 crontabs of a day fit in.
  private static let capacity = 2048
  /// Longer texts are read each time.
  private static let longest = 256

  struct Reading {
    /// These decide about the reading: the field, its object as it is written, and the document's `timezone`.
    var field: ScheduleField
    var object: [UInt8]
    var timezone: [UInt8]?

    var schedule: Schedule
    var warnings: [String]
  }

  /// Where a reading is kept; nil for a text that is not.
  struct Place {
    fileprivate let hash: Int
  }

  /// The readings by the hash of their texts. Of two texts with the same hash the later one stays.
  private var readings: [Int: Reading] = [:]

  /// Where the reading of an object belongs, and the reading if it is there.
  func find(
    _ field: ScheduleField, _ object: ArraySlice<UInt8>, timezone: ArraySlice<UInt8>?
  ) -> (place: Place, known: Reading?)? {
    guard object.count + (timezone?.count ?? 0) <= Self.longest else { return nil }
    var hasher = Hasher()
    hasher.combine(words: object)
    if let timezone { hasher.combine(words: timezone) }
    let place = Place(hash: hasher.finalize())
    guard let reading = readings[place.hash], reading.field == field, reading.object[...] == object,
      reading.timezone.map({ $0[...] }) == timezone
    else { return (place, nil) }
    return (place, reading)
  }

  func keep(_ reading: Reading, at place: Place) {
    if readings.count >= Self.capacity { readings.removeAll(keepingCapacity: true) }
    readings[place.hash] = reading
  }
}
