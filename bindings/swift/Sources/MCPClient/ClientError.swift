import CMCPClient

/// Why a call failed.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// How it failed: one of `MCPCLIENT_ERROR_*` of mcpclient.h. A later release may add numbers.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: Int32

        public init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        public static let invalidArgument = Status(rawValue: MCPCLIENT_ERROR_INVALID_ARGUMENT)
        public static let invalidState = Status(rawValue: MCPCLIENT_ERROR_INVALID_STATE)
        public static let network = Status(rawValue: MCPCLIENT_ERROR_NETWORK)
        public static let tls = Status(rawValue: MCPCLIENT_ERROR_TLS)
        public static let timeout = Status(rawValue: MCPCLIENT_ERROR_TIMEOUT)
        public static let cancelled = Status(rawValue: MCPCLIENT_ERROR_CANCELLED)
        public static let unauthorized = Status(rawValue: MCPCLIENT_ERROR_UNAUTHORIZED)
        public static let forbidden = Status(rawValue: MCPCLIENT_ERROR_FORBIDDEN)
        public static let http = Status(rawValue: MCPCLIENT_ERROR_HTTP)
        public static let `protocol` = Status(rawValue: MCPCLIENT_ERROR_PROTOCOL)
        public static let rpc = Status(rawValue: MCPCLIENT_ERROR_RPC)
        public static let unsupported = Status(rawValue: MCPCLIENT_ERROR_UNSUPPORTED)
        public static let `internal` = Status(rawValue: MCPCLIENT_ERROR_INTERNAL)

        /// Such as "MCPCLIENT_ERROR_TIMEOUT".
        public var description: String {
            String(cString: mcpclient_status_name(rawValue))
        }
    }

    public let status: Status
    /// One line for a person; never holds a credential.
    public let message: String
    /// Such as 503; 0: none.
    public let httpStatus: Int
    /// Such as -32601; 0: none.
    public let rpcCode: Int
    /// JSON text.
    public let rpcData: String?
    /// The header as it came.
    public let wwwAuthenticate: String?
    /// Of its Bearer challenge: "error", "error_description", "scope" and "resource_metadata", as far as they are there.
    public let challenge: [String: String]

    public var description: String {
        message
    }

    /// Takes over an error of the C library.
    init(_ error: OpaquePointer?) {
        status = Status(rawValue: mcpclient_error_status(error))
        message = String(cString: mcpclient_error_message(error))
        httpStatus = Int(mcpclient_error_http_status(error))
        rpcCode = Int(mcpclient_error_rpc_code(error))
        rpcData = mcpclient_error_rpc_data(error).map { String(cString: $0) }
        wwwAuthenticate = mcpclient_error_www_authenticate(error).map { String(cString: $0) }
        var parameters: [String: String] = [:]
        for name in ["error", "error_description", "scope", "resource_metadata"] {
            if let value = mcpclient_error_challenge_parameter(error, name) {
                parameters[name] = String(cString: value)
            }
        }
        challenge = parameters
        mcpclient_error_free(error)
    }
}

/// Makes a call of the C library that returns a status.
func check(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws {
    var error: OpaquePointer?
    if call(&error) != MCPCLIENT_OK {
        throw ClientError(error)
    }
}

/// Makes a call of the C library that returns a handle.
func made(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?) throws -> OpaquePointer {
    var error: OpaquePointer?
    guard let handle = call(&error) else {
        throw ClientError(error)
    }
    return handle
}

/// A string as C wants it, NULL for nil.
func withText<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) throws -> Result) rethrows -> Result {
    guard let text else {
        return try body(nil)
    }
    return try text.withCString { try body($0) }
}
