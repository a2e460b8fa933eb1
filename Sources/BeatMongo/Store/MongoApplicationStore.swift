import BeatCore

/// The application's manifest, in a document of the daemons' collection.
final class MongoApplicationStore: ApplicationStore {
  private let calls: MongoCalls

  init(_ calls: MongoCalls) { self.calls = calls }

  func read(then completion: @escaping Completion<[UInt8]?>) {
    let place = calls.place
    calls.perform(
      { client throws(MongoError) in try StoredManifest.read(client, place) },
      then: { result in
        completion(
          result.flatMap { found in
            Result { () throws(Refusal) in
              do throws(ManifestProblem) { return try found?.bytes() } catch {
                throw Refusal(.foreign, "the application's manifest \(error.predicate)")
              }
            }
          })
      })
  }
}

/// What is wrong with a manifest, as the predicate of a sentence.
struct ManifestProblem: Error, Hashable {
  let predicate: String
}

/// The manifest as a store has it: text, or bytes.
enum StoredManifest: Sendable, Hashable {
  case text([UInt8])
  case tooLong(Int)
  case other(String)

  /// The server looks at the length first: what another client has written is not sent at any length.
  ///
  /// - Returns: nil: there is none.
  static func read(_ client: MongoClient, _ place: MongoPlace) throws(MongoError) -> StoredManifest? {
    do throws(MongoError) {
      return try read(client, place, binaryLength: ["$binarySize": "$manifest"])
    } catch {
      // Servers before 4.4 do not know `$binarySize`.
      guard error.isOfUnknownExpression else { throw error }
      return try read(client, place, binaryLength: 0)
    }
  }

  private static func read(
    _ client: MongoClient, _ place: MongoPlace, binaryLength: BSON
  ) throws(MongoError) -> StoredManifest? {
    let type = Expression.type(of: "manifest")
    let documents = try client.documents(
      [
        "aggregate": .text(place.daemon),
        "pipeline": [
          ["$match": ["_id": .text(DaemonDocument.application)]],
          [
            "$set": [
              "type": type,
              "length": Expression.either(
                [
                  (["$eq": [type, "string"]], ["$strLenBytes": "$manifest"]),
                  (["$eq": [type, "binData"]], binaryLength),
                ], else: -1),
            ]
          ],
          [
            "$project": [
              "type": 1, "length": 1,
              "manifest": [
                "$cond": [
                  [
                    "$and": [
                      ["$gte": ["$length", 0]], ["$lte": ["$length", .int64(Int64(Limit.manifestLength.most))]],
                    ]
                  ],
                  "$manifest", Expression.removed,
                ]
              ],
            ]
          ],
        ], "cursor": [:],
      ], on: place.database)
    guard let document = documents.first, let found = document["type"]?.text, found != "missing" else { return nil }
    guard let length = document["length"]?.integer, length >= 0 else { return .other(found) }
    guard let manifest = document["manifest"], let bytes = manifest.utf8 ?? manifest.binary?.bytes else {
      return .tooLong(Int(clamping: length))
    }
    if Limit.manifestLength.isExceeded(by: bytes.count) { return .tooLong(bytes.count) }
    return bytes.isEmpty ? nil : .text(Array(bytes))
  }

  func bytes() throws(ManifestProblem) -> [UInt8] {
    switch self {
    case .text(let bytes): bytes
    case .tooLong(let length): throw ManifestProblem(predicate: Limit.manifestLength.excess(length))
    case .other(let type): throw ManifestProblem(predicate: "is a value of type \(type), and should be text")
    }
  }
}

extension MongoError {
  /// The server does not know an expression (168, InvalidPipelineOperator).
  fileprivate var isOfUnknownExpression: Bool { if case .server(168, _) = kind { true } else { false } }
}
