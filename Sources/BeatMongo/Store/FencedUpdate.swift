import BeatCore

/// An update of a document of the daemons' own, which is made only while conditions on the server's clock hold at the
/// moment of the write.
///
/// The conditions are part of the update. In its filter, as `$expr`, they would say the same to a mongod. But SecantusDB
/// uses no index for a filter with `$expr`, and would read all marks for each fire.
enum FencedUpdate {
  /// The update by a pipeline. It changes nothing when a condition does not hold, so the reply counts no changed document.
  ///
  /// - Parameters:
  ///   - fields: what is set, as expressions.
  ///   - item: what is appended to the list `pending`, as it is; nil: nothing.
  static func pipeline(while conditions: [BSON], set fields: [(name: String, value: BSON)], append item: BSON? = nil)
    -> BSON
  {
    var changed = fields
    if let item {
      // A mark that was made without a message has no list.
      changed.append(("pending", ["$concatArrays": [["$ifNull": ["$pending", []]], Expression.literal([item])]]))
    }
    return [
      [
        "$replaceWith": [
          "$cond": [["$and": .array(conditions)], ["$mergeObjects": ["$$ROOT", .fields(changed)]], "$$ROOT"]
        ]
      ]
    ]
  }
}
