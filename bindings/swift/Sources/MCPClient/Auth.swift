import CMCPClient

/// Credentials, shared by any number of clients, from any thread.
public final class Auth: @unchecked Sendable {
    let handle: OpaquePointer

    private init(handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        mcpclient_auth_free(handle)
    }

    /// A token that `setToken` can rotate.
    public static func bearer(_ token: String) throws -> Auth {
        Auth(handle: try made { mcpclient_auth_bearer_new(token, $0) })
    }

    /// A token in a file that something else rotates.
    public static func tokenFile(_ path: String) throws -> Auth {
        Auth(handle: try made { mcpclient_auth_token_file_new(path, $0) })
    }

    /// A token that a function gets: before the first request, and once more after a 401 with its WWW-Authenticate
    /// header ("" if there was none). When it returns nil, the call fails. It runs on the thread of the call or on one
    /// of the library; several runs may overlap.
    public static func tokenProvider(_ provider: @escaping @Sendable (_ challenge: String?) -> String?) throws -> Auth {
        let box = Unmanaged.passRetained(ProviderBox(provider))
        return Auth(handle: try made { error in
            mcpclient_auth_token_callback_new(
                { userData, request in
                    let box = Unmanaged<ProviderBox>.fromOpaque(userData!).takeUnretainedValue()
                    let challenge = mcpclient_token_request_challenge(request).map { String(cString: $0) }
                    if let token = box.provider(challenge) {
                        _ = mcpclient_token_request_set(request, token, nil)
                    }
                },
                box.toOpaque(),
                { Unmanaged<ProviderBox>.fromOpaque($0!).release() },
                error)
        })
    }

    /// Rotates the token of `bearer`, for every client that has these credentials.
    public func setToken(_ token: String) throws {
        try check { mcpclient_auth_set_token(handle, token, $0) }
    }
}

private final class ProviderBox: Sendable {
    let provider: @Sendable (String?) -> String?

    init(_ provider: @escaping @Sendable (String?) -> String?) {
        self.provider = provider
    }
}
