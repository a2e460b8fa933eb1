import BeatCore

extension Refusal {
  init(_ error: MongoError) {
    if error.kind == .network {
      self = .lost
    } else {
      self.init(error.isOfOurRights ? .forbidden : .other, error.message)
    }
  }
}
