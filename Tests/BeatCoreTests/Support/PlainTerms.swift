@testable import BeatCore

/// The terms of a store that is none.
struct PlainTerms: StoreTerms {
  let product = "the store"
  let item = "item"
  let items = "items"
  let within = "in"
  let beside = "beside it"
  let place = "place"
  func unread(_ count: Int) -> String { Plural.of(count, "item is", "items are") + " not read" }
  let isForeign = "is no item"
  let foreignItems = "others"
  func obstacle(_ content: UnusableContent) -> String { content.problem }
  let placeOption = "--place"
  let placeVariable = "PLACE"
  func value(for place: EntryName) -> EntryName { place }
  let connectionsRight = "to look"
  let historyRight = "to read"
  let recordRight = "to write"
  let editRight = "to add"
}
