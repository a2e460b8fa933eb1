/// The value of Redis' `notify-keyspace-events`, and what it lacks.
///
/// The daemon needs keyspace channels (`K`) and every class of events (`A`): a schedule can be overwritten by `SORT …
/// STORE` (class l) or `SUNIONSTORE` (class s) as well as by `SET`.
package struct NotificationSetting: Equatable {
  static let classes = Set("g$lshzxetd")

  let letters: Set<Character>

  /// The letters to add so that every event is sent; empty: none is missing.
  let missing: String

  /// - Parameter value: the value as CONFIG GET returns it.
  init(_ value: String) {
    letters = Set(value)
    let hasClasses = letters.contains("A") || letters.isSuperset(of: Self.classes)
    missing = (letters.contains("K") ? "" : "K") + (hasClasses ? "" : "A")
  }

  /// The values to try with CONFIG SET, the best first. Letters that are set already stay.
  ///
  /// Redis shows a full class list as `A` and then leaves `n` out (7.0: `KEAn` reads back as `AKE`), so writing back
  /// what was read would switch `n` off for another client. If `A` is set, `n` is therefore set again; a server before
  /// 7.0 does not know it and refuses the whole value.
  var candidates: [String] {
    guard !missing.isEmpty else { return [] }
    let value = String(letters.sorted()) + missing
    return letters.contains("A") && !letters.contains("n") ? [value + "n", value] : [value]
  }

  /// What an operator must set, and where, for an error message.
  package static func advice(for url: RedisURL) -> String {
    RedisProvider(url).map { $0.notifications("KA") } ?? """
      set notify-keyspace-events to KA: in redis.conf, or where the provider keeps it (\(places("KA")))
      """
  }

  /// Where providers keep the setting that do not let a client set it.
  static func places(_ value: String) -> String {
    """
    ElastiCache: parameter group; Memorystore: gcloud redis instances update --update-redis-config \
    notify-keyspace-events=\(value); Azure: advanced settings; Heroku: heroku redis:keyspace-notifications -c AKE
    """
  }
}
