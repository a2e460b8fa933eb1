// swift-tools-version: 6.2
import PackageDescription

/// An application with the scheduler inside, as a service of swift-service-lifecycle. In a package of your own the first
/// dependency is the address of this repository.
let package = Package(
  name: "embedding",
  dependencies: [
    .package(name: "reactivebeat", path: "../.."),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
  ],
  targets: [
    .executableTarget(
      name: "embedding",
      dependencies: [
        .product(name: "ReactiveBeat", package: "reactivebeat"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
