/// Whether a manifest may take the place of the one that stands there. The package's `manifest.py` goes by the same
/// rules, and also compares where the two applications have their queues, which an import is not told.
package enum ManifestReplacement {
  /// Why not, and what to do; nil: it may. What is no manifest may be replaced.
  ///
  /// - Parameters:
  ///   - stored: the bytes of the manifest that stands there.
  ///   - terms: of the store that it stands in.
  package static func problem(with name: String, inPlaceOf stored: [UInt8], _ terms: any StoreTerms) -> String? {
    guard let old = try? DocumentLayout(stored) else { return nil }
    let other = old.text("application") ?? ""
    guard other == name else {
      let told = [old.text("published_at"), old.text("published_by")].compactMap(\.self).joined(separator: " on ")
      // Another client may have written texts of any length.
      return "\(terms.beside) the application \(other.beginning(100)) has published its manifest"
        + (told.isEmpty ? "" : " (\(told.beginning(100)))")
        + ", and this one is \(name): give each application a \(terms.place) of its own, "
        + "name them alike by the setting reactivebeat_application, or replace it"
    }
    guard let version = old.number("version")?.integer, version > ApplicationManifest.version else { return nil }
    return "the manifest there has the version \(version), of a newer reactivebeat: upgrade this one, or replace it"
  }
}
