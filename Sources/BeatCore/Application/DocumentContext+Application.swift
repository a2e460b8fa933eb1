extension DocumentContext {
  /// The context with what the application says. Its zone is that of crontabs which name none.
  package func applying(_ application: ApplicationManifest?) -> DocumentContext {
    guard let application else { return self }
    var context = self
    context.application = application
    // The manifest was read by these very zones.
    if let name = application.timezone, let zone = try? zone(name) { context.defaultZone = zone }
    return context
  }

  /// The same with a store's manifest, as commands find it. One that cannot be read says nothing: a daemon goes on with the
  /// last good one, which only it knows.
  package func applying(_ store: some StoreInspector) -> DocumentContext {
    // A user who may not read the manifest reads the documents without it; a lost connection is found by the next call.
    guard let bytes = try? store.application() else { return self }
    return applying(try? ApplicationManifest(bytes, context: self))
  }
}
