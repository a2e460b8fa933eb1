/// What the Celery application has published of itself, as it is kept beside the documents.
package protocol ApplicationStore: AnyObject {
  /// Reads the manifest's bytes; nil: there is none. What is longer than `Limit.manifestLength` is not read, and refused
  /// in that limit's words.
  func read(then: @escaping Completion<[UInt8]?>)
}
