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
  ///   - item: what is appended to the list, as it is; nil: nothing.
  ///   - list: its name. What is none, or is not there, is replaced: no daemon has written it, and an expression that
  ///     fails may be the failure of all updates of the command.
  static func pipeline(
    while conditions: [BSON], set fields: [(name: String, value: BSON)], append item: BSON? = nil,
    to list: String = "pending"
  ) -> BSON {
    var changed = fields
    if let item {
      let field = Expression.field(list)
      let items: BSON = ["$cond": [["$isArray": field], field, []]]
      changed.append((list, ["$concatArrays": [items, Expression.literal([item])]]))
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
