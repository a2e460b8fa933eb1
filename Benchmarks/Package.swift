// swift-tools-version: 6.2
import PackageDescription

/// Programs of scripts/bench; no part of the product.
let package = Package(
  name: "benchmarks",
  targets: [.executableTarget(name: "pickup")],
  swiftLanguageModes: [.v6]
)
