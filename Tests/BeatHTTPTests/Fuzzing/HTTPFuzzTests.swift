import Testing

/// The fuzz targets with a few mutations, the same in each run.
@Suite struct HTTPFuzzTests {
  @Test("nothing that a client sends breaks the reader", arguments: FuzzTarget.http.map(\.name))
  func mutations(_ name: String) throws {
    try #require(FuzzTarget.http.first { $0.name == name }).checkMutations(4_000)
  }
}
