// swift-tools-version: 6.2
import PackageDescription

/// The scripts set it when CI=true: a warning in our own code is an error there, never in a user's build.
let strict = Context.environment["REACTIVEBEAT_WARNINGS_AS_ERRORS"] != nil
let settings: [SwiftSetting] = strict ? [.treatAllWarnings(as: .error)] : []

let package = Package(
  name: "reactivebeat",
  products: [
    .library(name: "ReactiveBeat", targets: ["ReactiveBeat"]),
    .executable(name: "beat-watch", targets: ["beat-watch"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CHiredisAsync", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev", "libevent-dev"])]),
    .target(name: "BeatCore", swiftSettings: settings + [.strictMemorySafety()]),
    .target(name: "BeatDriver", dependencies: ["BeatCore"], swiftSettings: settings + [.strictMemorySafety()]),
    .target(name: "BeatLoop", dependencies: ["BeatCore", "CHiredisAsync"], swiftSettings: settings),
    .target(
      name: "BeatRedis",
      dependencies: ["BeatCore", "BeatLoop", "CHiredisAsync"],
      resources: [.embedInCode("Scripts")],
      swiftSettings: settings),
    .target(
      name: "BeatAMQP", dependencies: ["BeatCore", "BeatLoop"], swiftSettings: settings + [.strictMemorySafety()]),
    .target(
      name: "BeatHTTP", dependencies: ["BeatCore", "BeatLoop"], swiftSettings: settings + [.strictMemorySafety()]),
    // Declarations only: the library is loaded at run time.
    .systemLibrary(name: "CMongo"),
    .target(name: "BeatMongo", dependencies: ["BeatCore", "BeatLoop", "CMongo"], swiftSettings: settings),
    .target(
      name: "ReactiveBeat",
      dependencies: [
        "BeatAMQP", "BeatCore", "BeatDriver", "BeatHTTP", "BeatLoop", "BeatMongo", "BeatRedis",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "beat-watch",
      dependencies: [
        "ReactiveBeat", "BeatCore", "BeatHTTP", "BeatLoop",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.embedInCode("Python"), .embedInCode("Page")],
      swiftSettings: settings),
    .testTarget(
      name: "BeatCoreTests", dependencies: ["BeatCore", "BeatDriver"],
      exclude: ["Messages/Oracles", "Schedules/Oracles"],
      swiftSettings: settings),
    // The folder Support, and what else is a link, is the core tests' own.
    .testTarget(
      name: "BeatRedisTests", dependencies: ["BeatCore", "BeatRedis"], exclude: ["Kombu/Stored"],
      swiftSettings: settings),
    // The folder Servers is the other tests' own, and what else is a link is the core tests' own.
    .testTarget(
      name: "BeatMongoTests", dependencies: ["BeatMongo", "BeatLoop", "BeatCore", "BeatRedis"], exclude: ["Oracles"],
      swiftSettings: settings),
    .testTarget(
      name: "BeatAMQPTests", dependencies: ["BeatAMQP", "BeatLoop", "BeatCore"], exclude: ["Oracles"],
      swiftSettings: settings),
    .testTarget(
      name: "BeatHTTPTests", dependencies: ["BeatHTTP", "BeatLoop", "BeatCore"], swiftSettings: settings),
    // The folders Model and Servers are the other tests' own, by links.
    .testTarget(
      name: "ConformanceTests", dependencies: ["BeatCore", "BeatLoop", "BeatRedis", "BeatMongo", "BeatAMQP"],
      swiftSettings: settings),
    // What is a link is the core tests' own.
    .testTarget(
      name: "MetricsTests", dependencies: ["ReactiveBeat", "BeatDriver", "BeatCore"],
      exclude: ["Golden", "Simulation/SimulationTests.swift", "Support/SampleDocuments+Mutation.swift"],
      swiftSettings: settings),
    .testTarget(
      name: "ReactiveBeatTests",
      dependencies: ["ReactiveBeat", "BeatDriver", "BeatRedis", "BeatLoop", "BeatHTTP", "BeatCore", "beat-watch"],
      exclude: ["EndToEnd/Apps", "EndToEnd/Previous", "CommandLine/Screens"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
