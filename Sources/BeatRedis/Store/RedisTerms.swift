import BeatCore

/// How a Redis store calls its things.
package struct RedisTerms: StoreTerms {
  package let product = "Redis"

  package let item = "key"
  package let items = "keys"
  package let within = "under"
  package let beside = "under this prefix"
  package let place = "key prefix"
  package func unread(_ count: Int) -> String {
    Plural.of(count, "key under the prefix is", "keys under the prefix are") + " not read, nor is what stands there"
  }
  package let isForeign = "holds another Redis type"
  package let foreignItems = "keys of another type"
  package func obstacle(_ content: UnusableContent) -> String {
    "holds \(content.found), and a schedule is a string: delete that key, or choose another name"
  }

  package let placeOption = "--key-prefix"
  package let placeVariable = "CELERY_REDIS_SCHEDULER_KEY_PREFIX"
  package func value(for place: EntryName) -> EntryName { place }

  package let connectionsRight = "+client|list"
  package let historyRight = "+xrevrange"
  package let recordRight = "HSET"
  package let editRight = "+xadd"

  package init() {}
}
