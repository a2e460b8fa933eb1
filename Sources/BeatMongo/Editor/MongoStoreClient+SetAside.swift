import BeatCore

/// The messages that the broker will never take, a collection in the store.
extension MongoStoreClient {
  package func messagesSetAside(atMost limit: Int) throws(StoreError) -> MessagesSetAside {
    let place = schedules
    let most = min(max(0, limit), Limit.messagesSetAside.most)
    return try ask { client throws(MongoError) in
      let count = try MarkSetAside.count(place, client)
      guard count > 0, most > 0 else { return MessagesSetAside(count: count, newest: []) }
      var newest: [MessagesSetAside.Message] = []
      // The numbers of the items are in the order of their fires.
      try client.eachDocument(
        [
          "find": .text(place.setAside), "sort": ["_id": -1], "limit": .int32(Int32(most)),
          "projection": ["item.id": true, "item.route": true, "reason": true, "at": true],
        ], on: place.database
      ) { document in
        if let message = Self.message(document) { newest.append(message) }
      }
      return MessagesSetAside(count: count, newest: newest)
    }
  }

  private static func message(_ document: BSONDocument) -> MessagesSetAside.Message? {
    guard let id = document["_id"]?.integer else { return nil }
    let (task, route) = (document["item"]?["id"]?.text ?? "", document["item"]?["route"])
    let destination: Route? =
      if let queue = route?["queue"]?.text {
        .queue(queue)
      } else if let exchange = route?["exchange"]?.text {
        .exchange(exchange, routingKey: route?["key"]?.text ?? "")
      } else {
        nil
      }
    return MessagesSetAside.Message(
      place: "\(id)", taskID: task, destination: destination?.words ?? "?", reason: document["reason"]?.text ?? "",
      at: document["at"]?.integer.flatMap { ServerTime.time($0) })
  }
}

/// What a person does about a message that is set aside, in JavaScript.
enum SetAsideScript {
  /// Puts it into the outbox, at its old place. It goes out with the next one. It waits in a document of its own, as the
  /// message of an answered request does: its schedule may be gone.
  static func putBack(_ message: MessagesSetAside.Message, _ place: MongoPlace) -> String {
    "c = \(MongoShell.collection(place.setAside)); d = c.findOne({_id: Long(\(JSONText.string(message.place)))}); "
      + "i = {request: \"put back \" + d.item.id}; \(MongoShell.collection(place.marks)).replaceOne({_id: i}, "
      + "{_id: i, answer: \"put back\", pending: [d.item]}, {upsert: true}); c.deleteOne({_id: d._id})"
  }

  static func drop(_ message: MessagesSetAside.Message, _ place: MongoPlace) -> String {
    "\(MongoShell.collection(place.setAside)).deleteOne({_id: Long(\(JSONText.string(message.place)))})"
  }
}
