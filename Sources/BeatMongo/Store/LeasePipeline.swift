import BeatCore

/// Reads, takes, renews or offers the lease in one step on the server, by its clock.
///
/// A pulse that changes nothing writes nothing: so a daemon that stands by costs the log of operations no entry.
///
/// What other clients have put into the document is found, noted, and replaced where no daemon can have written it.
/// A holder that looks like one of another version's stays until its lease has run out.
enum LeasePipeline {
  static let answered = ["holder", "epoch", "until", "offered", "incarnation", ForeignField.list]

  private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  private static let printable = String(decoding: UInt8(ascii: "!")...UInt8(ascii: "~"), as: UTF8.self)
  /// An epoch of more digits is no daemon's.
  private static let mostEpoch: Int64 = 99_999_999_999_999
  /// The results of earlier stages, which later ones use.
  private static let interim = ["isHolder", "isEpoch", "isUntil", "isWord", "isHeld", "isOurs", "isTaken"]

  /// - Parameters:
  ///   - request: without a time to live, it asks for nothing.
  ///   - word: the name for the store's contents, if they have none.
  static func stages(_ request: HeartbeatRequest, instance: String, word: String) -> BSON {
    [
      ["$unset": .array((interim + [ForeignField.list]).map { .text($0) })],
      ["$set": understood],
      [
        "$set": [
          "isHeld": [
            "$and": [
              "$isHolder", "$isUntil", ["$gt": ["$until", ServerTime.now]],
              ["$lte": ["$until", ["$add": [ServerTime.now, .int64(LeaseDocument.longest)]]]],
            ]
          ]
        ]
      ],
      ["$set": ["isOurs": ["$and": ["$isHeld", ["$eq": ["$holder", Expression.literal(instance)]]]]]],
      ["$set": ["isTaken": request.leaseTTL == nil ? false : isTaken(request.claim)]],
      ["$set": result(request, instance: instance, word: word)],
      ["$unset": .array(interim.map { .text($0) })],
    ]
  }

  /// Which fields can be a daemon's.
  private static let understood: BSON = [
    "isHolder": [
      "$and": [
        Expression.isText("holder", atMost: ForeignField.longest), Expression.isText("holder", of: printable),
      ]
    ],
    "isEpoch": [
      "$or": [
        Expression.isMissing("epoch"),
        [
          "$and": [
            Expression.isWhole("epoch"), ["$gte": ["$epoch", 0]], ["$lt": ["$epoch", .int64(mostEpoch)]],
          ]
        ],
      ]
    ],
    "isUntil": Expression.isWhole("until"),
    "isWord": Expression.isText("incarnation", atMost: ForeignField.longest),
  ]

  private static func isTaken(_ claim: HeartbeatRequest.Claim) -> BSON {
    // If the lease is this daemon's, the reply to an earlier heartbeat may have been lost.
    switch claim {
    case .nothing: false
    case .free: ["$or": ["$isOurs", Expression.not("$isHeld")]]
    case .offered: ["$or": ["$isOurs", Expression.not("$isHeld"), ["$eq": ["$offered", true]]]]
    }
  }

  private static func result(_ request: HeartbeatRequest, instance: String, word: String) -> BSON {
    let ttl = max(1, min((request.leaseTTL ?? 0) / 1000, LeaseDocument.longest))
    return [
      "holder": Expression.either(
        [("$isTaken", Expression.literal(instance)), ("$isHolder", "$holder")], else: Expression.removed),
      "epoch": Expression.either(
        [
          // The seconds since 1970 exceed any epoch that daemons have counted to.
          (Expression.not("$isEpoch"), Expression.seconds),
          (
            ["$and": ["$isTaken", ["$or": [Expression.not("$isOurs"), Expression.isMissing("epoch")]]]],
            ["$add": [["$toLong": ["$ifNull": ["$epoch", 0]]], .int64(1)]]
          ),
        ], else: "$epoch"),
      "until": Expression.either(
        [("$isTaken", ["$add": [ServerTime.now, .int64(ttl)]]), ("$isUntil", "$until")], else: Expression.removed),
      // By it the stream's readers see how long the lease lasts, whatever their own clocks say.
      "at": ["$cond": ["$isTaken", ServerTime.now, "$at"]],
      "offered": ["$cond": ["$isTaken", .bool(request.isOffering), "$offered"]],
      "incarnation": ["$cond": ["$isWord", "$incarnation", Expression.literal(word)]],
      "\(ForeignField.list)": ForeignField.list(foreign),
    ]
  }

  private static let foreign: [(name: String, isForeign: BSON)] = [
    (
      "holder",
      [
        "$and": [
          Expression.not(Expression.isMissing("holder")),
          Expression.not(["$and": ["$isHolder", Expression.isText("holder", of: letters)]]),
        ]
      ]
    ),
    ("epoch", Expression.not("$isEpoch")),
    ("until", ["$and": [Expression.not(Expression.isMissing("until")), Expression.not("$isUntil")]]),
    ("incarnation", ["$and": [Expression.not(Expression.isMissing("incarnation")), Expression.not("$isWord")]]),
  ]
}
