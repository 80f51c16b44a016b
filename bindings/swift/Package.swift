// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "MCPClient",
    products: [.library(name: "MCPClient", targets: ["MCPClient"])],
    targets: [
        // The installed C library, found by pkg-config.
        .systemLibrary(name: "CMCPClient", pkgConfig: "mcpclient"),
        .target(name: "MCPClient", dependencies: ["CMCPClient"]),
        .executableTarget(name: "ping", dependencies: ["MCPClient"]),
    ]
)
