// swift-tools-version:6.1
import PackageDescription

let package = Package(
  name: "Solderless",
  products: [.executable(name: "solderless", targets: ["solderless"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    .target(name: "Machine"),
    .target(name: "Processor", dependencies: ["Machine"]),
    .target(name: "ARMv6M", dependencies: ["Machine", "Processor"]),
    .target(name: "Xtensa", dependencies: ["Machine", "Processor"]),
    .target(name: "Chips", dependencies: ["Machine", "Processor", "ARMv6M", "Xtensa"]),
    .target(name: "Parts", dependencies: ["Machine"]),
    .target(name: "Images", dependencies: ["Machine", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "Boards", dependencies: ["Machine", "Processor", "ARMv6M", "Chips", "Parts", "Images", .product(name: "Crypto", package: "swift-crypto"), "TOMLKit"]),
    .systemLibrary(name: "CRSVG", pkgConfig: "librsvg-2.0", providers: [.apt(["librsvg2-dev", "libcairo2-dev"])]),
    .systemLibrary(name: "CSDL2", pkgConfig: "sdl2", providers: [.apt(["libsdl2-dev"])]),
    .systemLibrary(name: "CVTerm", pkgConfig: "vterm", providers: [.apt(["libvterm-dev"])]),
    .target(name: "Frontend", dependencies: ["Boards", "Images", "Parts", "CRSVG", "CSDL2", "CVTerm", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), "Yams"]),
    .executableTarget(
      name: "solderless",
      dependencies: ["Frontend", "Boards", "Images", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(
      name: "benchmark", dependencies: ["Frontend", "Boards", .product(name: "ArgumentParser", package: "swift-argument-parser")], path: "Sources/Benchmark"),
    .testTarget(name: "MachineTests", dependencies: ["Machine"]),
    .testTarget(name: "ChipsTests", dependencies: ["ARMv6M", "Xtensa", "Machine", "Chips", "Parts"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", .product(name: "Crypto", package: "swift-crypto")]),
    .testTarget(name: "BoardsTests", dependencies: ["Boards", "Machine"]),
    .testTarget(name: "PartsTests", dependencies: ["CRSVG", "Frontend", "Machine", "Parts"], exclude: ["Golden"]),
    .testTarget(name: "XtensaTests", dependencies: ["Xtensa", "Machine", "Processor"]),
    .testTarget(name: "ARMv6MTests", dependencies: ["ARMv6M", "Machine", "Processor"]),
    .testTarget(name: "FrontendTests", dependencies: ["Frontend", "Boards", "Machine", "Parts"], exclude: ["Golden"]),
    .target(name: "TestSupport", path: "Tests/Support", exclude: ["thumb_oracle.py"]),
    .testTarget(name: "WindowTests", dependencies: ["solderless", "Frontend", "Boards", "TestSupport"], exclude: ["close_window.py", "drop_file.py"]),
    .testTarget(name: "CommandTests", dependencies: ["solderless", "TestSupport"]),
    .testTarget(name: "ClientTests", dependencies: ["solderless", "TestSupport"], exclude: ["thonny_client.py"]),
    .testTarget(name: "BootTests", dependencies: ["ARMv6M", "Boards", "Chips", "Frontend", "Images", "Machine", "Parts"], exclude: ["Scripts"]),
  ],
  swiftLanguageModes: [.v6]
)
