// swift-tools-version: 6.2
import PackageDescription

/// Programs of scripts/bench; no part of the product.
let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "reactivebeat", path: "..")],
  targets: [
    .executableTarget(name: "pickup"),
    .executableTarget(name: "core", dependencies: [.product(name: "BeatCore", package: "reactivebeat")]),
    .executableTarget(name: "next-due", dependencies: [.product(name: "BeatCore", package: "reactivebeat")]),
  ],
  swiftLanguageModes: [.v6]
)
