import BeatCore

extension BeatScheduleDump {
  /// The workers' transport options in the dump; nil: it has none.
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
