// swift-tools-version: 6.2
import PackageDescription

/// Programs of scripts/bench; no part of the product.
let package = Package(
  name: "benchmarks",
  targets: [
    // The product's own, by a link: nobody outside of the project sees it.
    .target(name: "BeatCore", swiftSettings: [.strictMemorySafety()]),
    // Of the product's own what needs no server.
    .target(name: "BeatRedis", dependencies: ["BeatCore"]),
    .target(name: "Wire"),
    .target(name: "CountedAllocations"),
    .executableTarget(name: "pickup", dependencies: ["Wire"]),
    .executableTarget(name: "watch", dependencies: ["Wire"]),
    .executableTarget(name: "floor", dependencies: ["Wire"]),
    .executableTarget(name: "core", dependencies: ["BeatCore", "BeatRedis"]),
    .executableTarget(name: "next-due", dependencies: ["BeatCore"]),
    .executableTarget(
      name: "micro", dependencies: ["CountedAllocations", "BeatCore", "BeatRedis"]),
  ],
  swiftLanguageModes: [.v6]
)
