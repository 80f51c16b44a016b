// Package mcpclient is a client of MCP (Model Context Protocol) servers, over the C library libmcpclient.
//
//	client, err := mcpclient.New("https://example.com/mcp")
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	if err := client.SetBearerToken(token); err != nil {
//		return err
//	}
//	return client.Ping(ctx)
//
// A Client and an Auth may be used by any number of goroutines at once.
//
// # Contexts
//
// A call returns when its context is done, with an *Error that matches the context's error. That never ends the call
// of another goroutine: while others are in flight, the call that was given up goes on unseen, and is ended for good
// as soon as no other is left, or by its time limit (Client.SetTimeout). A tool that was called may still run on the
// server.
//
// A call occupies an operating-system thread, as every blocking C call does.
//
// # Callbacks
//
// Callbacks run in the goroutine of a call or on a thread of the library; several may run at once. They should be
// quick and must not Close their client. A panic in one ends the program; recover has no effect on it.
//
// # Linking
//
// The package finds the installed library by pkg-config (module mcpclient).
package mcpclient

/*
#cgo pkg-config: mcpclient
#include <mcpclient.h>
*/
import "C"

import (
	"context"
	"runtime"
)

// Client is a client of one MCP server. Close it when it is no longer needed.
type Client struct {
	flight *flight
}

// New makes a client of the server at a URL, http:// or https://. The first call connects.
func New(url string) (*Client, error) {
	texts, err := copyTexts([]argument{required(url)})
	if err != nil {
		return nil, err
	}
	defer texts.free()
	var failure *C.mcpclient_error
	handle := C.mcpclient_new(texts[0], &failure)
	if handle == nil {
		return nil, newError(failure)
	}
	c := &Client{flight: newFlight(handle)}
	// A net for those who forget Close. It may wait for the server, so not on the runtime's goroutine.
	runtime.AddCleanup(c, func(f *flight) { go f.close() }, c.flight)
	return c, nil
}

// Close ends the calls in flight with ErrCancelled, ends the session and frees the client. Later calls fail with
// ErrInvalidState. It always returns nil and may be called again; a callback of the client must not call it.
func (c *Client) Close() error {
	c.flight.close()
	runtime.KeepAlive(c)
	return nil
}

// Disconnect ends the session with the server; the next call connects again. Takes at most a second.
func (c *Client) Disconnect() {
	_ = c.use(func(handle *C.mcpclient) error {
		C.mcpclient_close(handle)
		return nil
	})
}

// Cancel ends all calls in flight on the client with ErrCancelled. To end one, cancel its context.
func (c *Client) Cancel() {
	_ = c.use(func(handle *C.mcpclient) error {
		C.mcpclient_cancel(handle)
		return nil
	})
}

// Connect connects to the server, which the first call does as well.
func (c *Client) Connect(ctx context.Context) error {
	return c.plainCall(ctx, func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_connect(h, e)
	})
}

// Ping returns nil when the server is reachable, speaks MCP and accepts the credentials.
func (c *Client) Ping(ctx context.Context) error {
	return c.plainCall(ctx, func(h *C.mcpclient, _ texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_ping(h, e)
	})
}

// Transport returns the transport of the present connection, TransportAuto while there is none.
func (c *Client) Transport() Transport {
	transport := TransportAuto
	_ = c.use(func(handle *C.mcpclient) error {
		transport = Transport(C.mcpclient_transport_in_use(handle))
		return nil
	})
	return transport
}

// ProtocolVersion returns the protocol version of the present connection, such as "2025-11-25", "" while there is none.
func (c *Client) ProtocolVersion() string {
	var version string
	_ = c.use(func(handle *C.mcpclient) error {
		version = C.GoString(C.mcpclient_protocol_version(handle))
		return nil
	})
	return version
}

// Version returns the version of the C library that is in use, such as "0.1.0".
func Version() string {
	return C.GoString(C.mcpclient_version())
}
