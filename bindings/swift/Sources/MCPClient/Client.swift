import CMCPClient

/// A client of one MCP server, for any number of threads.
///
/// Calls block their thread: in a Swift task, make them on a thread of your own, such as that of a dispatch queue.
/// What is not wrapped here can be called on `handle`, as mcpclient.h describes it.
public final class Client: @unchecked Sendable {
    public enum Transport: Int32, Sendable {
        case auto = 0
        case streamableHTTP = 1
        case sse = 2
    }

    /// For the functions of the C library; stays with this object.
    public let handle: OpaquePointer

    /// A client of the server at a URL; the first call connects.
    public init(_ url: String) throws {
        handle = try made { mcpclient_new(url, $0) }
    }

    deinit {
        mcpclient_free(handle)
    }

    // MARK: Connecting

    public func connect() throws {
        try check { mcpclient_connect(handle, $0) }
    }

    /// Returns when the server is reachable, speaks MCP and accepts the credentials.
    public func ping() throws {
        try check { mcpclient_ping(handle, $0) }
    }

    /// Ends the calls in flight on other threads with the status `cancelled`.
    public func cancel() {
        mcpclient_cancel(handle)
    }

    /// Ends the session; the next call connects again.
    public func close() {
        mcpclient_close(handle)
    }

    /// `auto` while not connected.
    public var transport: Transport {
        Transport(rawValue: mcpclient_transport_in_use(handle)) ?? .auto
    }

    /// nil while not connected.
    public var protocolVersion: String? {
        mcpclient_protocol_version(handle).map { String(cString: $0) }
    }

    // MARK: Settings

    /// The bare token of every request from the next one on; nil: none.
    public func setBearerToken(_ token: String?) throws {
        try withText(token) { token in try check { mcpclient_set_bearer_token(handle, token, $0) } }
    }

    public func setAuth(_ auth: Auth?) throws {
        try withExtendedLifetime(auth) { try check { mcpclient_set_auth(handle, auth?.handle, $0) } }
    }

    /// A header of every request from the next one on; nil removes it.
    public func setHeader(_ name: String, _ value: String?) throws {
        try withText(value) { value in try check { mcpclient_set_header(handle, name, value, $0) } }
    }

    public func setTransport(_ transport: Transport) throws {
        try check { mcpclient_set_transport(handle, transport.rawValue, $0) }
    }

    /// Such as "2025-06-18"; nil negotiates it.
    public func setProtocolVersion(_ version: String?) throws {
        try withText(version) { version in try check { mcpclient_set_protocol_version(handle, version, $0) } }
    }

    /// The time limit of one call; 0: none.
    public func setTimeout(milliseconds: UInt32) throws {
        try check { mcpclient_set_timeout_ms(handle, milliseconds, $0) }
    }

    // MARK: Requests

    /// Any request; the parameters are a JSON object as text.
    public func request(_ method: String, params: String? = nil) throws -> Value {
        try withText(params) { params in try value { mcpclient_request(handle, method, params, $0, $1) } }
    }

    public func serverInfo() throws -> Value {
        try value { mcpclient_server_info(handle, $0, $1) }
    }

    /// An array of tools.
    public func listTools() throws -> Value {
        try value { mcpclient_list_tools(handle, $0, $1) }
    }

    /// The arguments are a JSON object as text.
    public func callTool(_ name: String, arguments: String? = nil) throws -> Value {
        try withText(arguments) { arguments in try value { mcpclient_call_tool(handle, name, arguments, $0, $1) } }
    }

    /// An array of resources.
    public func listResources() throws -> Value {
        try value { mcpclient_list_resources(handle, $0, $1) }
    }

    public func readResource(_ uri: String) throws -> Value {
        try value { mcpclient_read_resource(handle, uri, $0, $1) }
    }

    /// An array of prompts.
    public func listPrompts() throws -> Value {
        try value { mcpclient_list_prompts(handle, $0, $1) }
    }

    /// The arguments are a JSON object of strings as text.
    public func getPrompt(_ name: String, arguments: String? = nil) throws -> Value {
        try withText(arguments) { arguments in try value { mcpclient_get_prompt(handle, name, arguments, $0, $1) } }
    }

    private func value(
        _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws -> Value {
        var result: OpaquePointer?
        try check { error in call(&result, error) }
        return Value(handle: result!) // set whenever the status is MCPCLIENT_OK
    }
}
