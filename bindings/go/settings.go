package mcpclient

// #include <mcpclient.h>
import "C"

import (
	"math"
	"time"
)

// Transport is how messages are carried.
type Transport int32

// The transports of mcpclient.h.
const (
	TransportAuto           Transport = C.MCPCLIENT_TRANSPORT_AUTO
	TransportStreamableHTTP Transport = C.MCPCLIENT_TRANSPORT_STREAMABLE_HTTP
	TransportSSE            Transport = C.MCPCLIENT_TRANSPORT_SSE
)

// SetBearerToken sets the token of every request from the next one on: the bare token, without "Bearer ". An empty one
// is refused; SetAuth(nil) removes it.
func (c *Client) SetBearerToken(token string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_bearer_token(h, a[0], e)
	}, required(token))
}

// SetAuth sets the credentials of every request from the next one on; nil: none. It takes the place of SetBearerToken.
func (c *Client) SetAuth(auth *Auth) error {
	set := func(handle *C.mcpclient_auth) error {
		return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_set_auth(h, handle, e)
		})
	}
	if auth == nil {
		return set(nil)
	}
	return auth.use(set)
}

// SetHeader sets a header of every request from the next one on.
func (c *Client) SetHeader(name, value string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_header(h, a[0], a[1], e)
	}, required(name), required(value))
}

// RemoveHeader removes what SetHeader has set.
func (c *Client) RemoveHeader(name string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_header(h, a[0], nil, e)
	}, required(name))
}

// SetTransport chooses the transport. Not while connected.
func (c *Client) SetTransport(transport Transport) error {
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_transport(h, C.mcpclient_transport(transport), e)
	})
}

// SetProtocolVersion pins the protocol version, such as "2025-06-18"; "" negotiates it. Not while connected.
func (c *Client) SetProtocolVersion(version string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_protocol_version(h, a[0], e)
	}, optional(version))
}

// SetTimeout limits the time of every call, besides its context; 0: no limit. 30 seconds by default.
func (c *Client) SetTimeout(limit time.Duration) error {
	ms, err := milliseconds(limit)
	if err != nil {
		return err
	}
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_timeout_ms(h, ms, e)
	})
}

// SetConnectTimeout limits the time to open one connection; 0: no limit but that of the call. 10 seconds by default.
func (c *Client) SetConnectTimeout(limit time.Duration) error {
	ms, err := milliseconds(limit)
	if err != nil {
		return err
	}
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_connect_timeout_ms(h, ms, e)
	})
}

// milliseconds rounds up, so that a short limit does not become none.
func milliseconds(limit time.Duration) (C.uint32_t, error) {
	if limit < 0 || limit > math.MaxUint32*time.Millisecond {
		return 0, &Error{Status: ErrInvalidArgument, Message: "the time limit is out of range"}
	}
	return C.uint32_t((limit + time.Millisecond - 1) / time.Millisecond), nil
}

// SetMaxResponseBytes limits the size of one answer, decompressed. 64 MiB by default.
func (c *Client) SetMaxResponseBytes(bytes uint64) error {
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_max_response_bytes(h, C.uint64_t(bytes), e)
	})
}

// SetCAFile sets the certificate authorities to trust, in PEM format; "": the system's. Not while connected.
func (c *Client) SetCAFile(path string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_ca_file(h, a[0], e)
	}, optional(path))
}

// SetClientCertificate sets the client's certificate and its key, in PEM format; "" and "": none. Not while connected.
func (c *Client) SetClientCertificate(certPath, keyPath string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_client_certificate(h, a[0], a[1], e)
	}, optional(certPath), optional(keyPath))
}

// SetTLSVerify says whether the server's certificate is checked; false is for tests. Not while connected.
func (c *Client) SetTLSVerify(verify bool) error {
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_tls_verify(h, C.bool(verify), e)
	})
}

// SetProxy sets the proxy; "": none. Not while connected.
func (c *Client) SetProxy(url string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_proxy(h, a[0], e)
	}, required(url))
}

// SetProxyFromEnvironment takes the proxy from HTTPS_PROXY and its like, as by default. Not while connected.
func (c *Client) SetProxyFromEnvironment() error {
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_proxy(h, nil, e)
	})
}

// SetCapabilities sets the capabilities that the server is told of, something that encodes to a JSON object; nil: what
// the handlers of OnRequest imply.
func (c *Client) SetCapabilities(capabilities any) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_capabilities(h, a[0], e)
	}, encoded(capabilities))
}

// SetClientInfo sets the name and version of the program that the server is told of.
func (c *Client) SetClientInfo(name, version string) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_client_info(h, a[0], a[1], e)
	}, required(name), required(version))
}

// SetCache says whether lists are kept for as long as the server allows, as they are by default.
func (c *Client) SetCache(on bool) error {
	return c.set(func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_cache(h, C.bool(on), e)
	})
}
