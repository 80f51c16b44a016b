// Is the server there, and does it accept this token?  MCP_TOKEN=... swift run ping https://example.com/mcp
import Foundation
import MCPClient

do {
    let client = try Client(CommandLine.arguments.count == 2 ? CommandLine.arguments[1] : "")
    try client.setBearerToken(ProcessInfo.processInfo.environment["MCP_TOKEN"])
    try client.ping()
    print("OK")
} catch let error as ClientError where error.status == .unauthorized {
    print("log in again: \(error)")
    exit(1)
} catch {
    print(error)
    exit(1)
}
