// swift-tools-version: 6.2
import PackageDescription

/// The program of scripts/fuzz; no part of the product. Its targets are in the tests as well, by a link.
let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "reactivebeat", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [.product(name: "ReactiveBeat", package: "reactivebeat")],
      path: "Sources",
      // The default linker of Debian 12, gold, fails on these objects.
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
  ],
  swiftLanguageModes: [.v6]
)
