// swift-tools-version: 6.2
import PackageDescription

/// Programs of scripts/bench; no part of the product.
let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "reactivebeat", path: "..")],
  targets: [
    .target(name: "Wire"),
    .target(name: "CountedAllocations"),
    .executableTarget(name: "pickup", dependencies: ["Wire"]),
    .executableTarget(name: "watch", dependencies: ["Wire"]),
    .executableTarget(name: "floor", dependencies: ["Wire"]),
    .executableTarget(name: "core", dependencies: [.product(name: "BeatCore", package: "reactivebeat")]),
    .executableTarget(name: "next-due", dependencies: [.product(name: "BeatCore", package: "reactivebeat")]),
    .executableTarget(
      name: "micro", dependencies: ["CountedAllocations", .product(name: "BeatCore", package: "reactivebeat")]),
  ],
  swiftLanguageModes: [.v6]
)
