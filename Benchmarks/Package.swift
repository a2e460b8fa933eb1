// swift-tools-version: 6.2
import PackageDescription

/// Programs of scripts/bench; no part of the product.
let package = Package(
  name: "benchmarks",
  targets: [
    // The product's own target, through a link, since no other package can import it.
    .target(name: "BeatCore", swiftSettings: [.strictMemorySafety()]),
    // The part of the product's target that needs no server, through a link.
    .target(name: "BeatRedis", dependencies: ["BeatCore"]),
    // The product's own again: what the publisher to RabbitMQ is made of.
    .systemLibrary(name: "CHiredisAsync", pkgConfig: "hiredis"),
    .target(name: "BeatLoop", dependencies: ["BeatCore", "CHiredisAsync"]),
    .target(name: "BeatAMQP", dependencies: ["BeatCore", "BeatLoop"], swiftSettings: [.strictMemorySafety()]),
    .target(name: "Wire"),
    .target(name: "CountedAllocations"),
    .executableTarget(name: "pickup", dependencies: ["Wire"]),
    .executableTarget(name: "watch", dependencies: ["Wire"]),
    .executableTarget(name: "floor", dependencies: ["Wire"]),
    .executableTarget(name: "publisher", dependencies: ["Wire", "BeatAMQP", "BeatCore", "BeatLoop"]),
    .executableTarget(name: "amqp-floor"),
    .executableTarget(name: "core", dependencies: ["BeatCore", "BeatRedis"]),
    .executableTarget(name: "next-due", dependencies: ["BeatCore"]),
    .executableTarget(
      name: "micro", dependencies: ["CountedAllocations", "BeatCore", "BeatRedis"]),
  ],
  swiftLanguageModes: [.v6]
)
