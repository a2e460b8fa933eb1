import BeatCore

extension BeatScheduleDump {
  /// What its workers are told of where messages lie. nil: it does not say.
  package static func transportOptions(_ bytes: [UInt8]) throws(TransportOptionsError) -> TransportOptions? {
    for slice in (try? JSONScanner.records(bytes)) ?? [] {
      let text = Array(bytes[slice.range])
      if let options = (try? DocumentLayout(text))?["transport_options"] {
        return try TransportOptions(json: Array(text[options.range]))
      }
    }
    return nil
  }
}
