import CMCPClient

/// A JSON value, read by JSON Pointer (RFC 6901): "" is the whole, "/content/0/text" the member "text" of the first
/// element of the member "content".
public final class Value: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Takes over a value of the C library.
    init(handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        mcpclient_value_free(handle)
    }

    /// The whole as text.
    public var json: String {
        String(cString: mcpclient_value_json(handle))
    }

    public func string(_ pointer: String) -> String? {
        mcpclient_value_string(handle, pointer).map { String(cString: $0) }
    }

    /// A number that is whole and fits.
    public func int64(_ pointer: String) -> Int64? {
        var number: Int64 = 0
        return mcpclient_value_int64(handle, pointer, &number) ? number : nil
    }

    public func double(_ pointer: String) -> Double? {
        var number: Double = 0
        return mcpclient_value_double(handle, pointer, &number) ? number : nil
    }

    public func bool(_ pointer: String) -> Bool? {
        var value = false
        return mcpclient_value_bool(handle, pointer, &value) ? value : nil
    }

    /// Elements of an array, members of an object; 0 otherwise.
    public func count(_ pointer: String = "") -> Int {
        Int(mcpclient_value_count(handle, pointer))
    }
}
