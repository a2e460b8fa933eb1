/// Redis' `notify-keyspace-events`, and what is missing in it.
///
/// Needed are keyspace channels (`K`) and every class of events (`A`): a schedule can be overwritten by `SORT … STORE`
/// (class l) or `SUNIONSTORE` (class s) as well as by `SET`.
package struct NotificationSetting: Equatable {
  static let classes = Set("g$lshzxetd")

  let letters: Set<Character>

  /// The letters to add to be told of everything; empty if nothing is missing.
  let missing: String

  /// - Parameter value: as CONFIG GET tells it.
  init(_ value: String) {
    letters = Set(value)
    let hasClasses = letters.contains("A") || letters.isSuperset(of: Self.classes)
    missing = (letters.contains("K") ? "" : "K") + (hasClasses ? "" : "A")
  }

  /// Values to try with CONFIG SET, best first; letters that others have set stay.
  ///
  /// Redis shows a full class list as `A` and then leaves `n` out (7.0: `KEAn` reads back as `AKE`), so that writing back
  /// what was read would switch it off for somebody else. Where `A` stands, `n` is therefore kept by setting it again;
  /// a server before 7.0 does not know it and refuses the whole value.
  var candidates: [String] {
    guard !missing.isEmpty else { return [] }
    let value = String(letters.sorted()) + missing
    return letters.contains("A") && !letters.contains("n") ? [value + "n", value] : [value]
  }

  /// What an operator has to set, and where: for an error message.
  package static let advice = """
    set notify-keyspace-events to KA: in redis.conf, or where the provider keeps it (ElastiCache: parameter group; \
    Memorystore: instance configuration; Azure: advanced settings; Upstash: CONFIG SET; Heroku: \
    heroku redis:keyspace-notifications -c AKE)
    """
}
