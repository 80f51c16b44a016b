package mcpclient

// #include <mcpclient.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
)

// Status says how a call failed. It is an error itself, to be compared with: errors.Is(err, mcpclient.ErrTimeout).
// A later release of the library may add statuses.
type Status int32

// The statuses of the C library; mcpclient.h describes them.
const (
	ErrInvalidArgument Status = C.MCPCLIENT_ERROR_INVALID_ARGUMENT
	ErrInvalidState    Status = C.MCPCLIENT_ERROR_INVALID_STATE
	ErrNetwork         Status = C.MCPCLIENT_ERROR_NETWORK
	ErrTLS             Status = C.MCPCLIENT_ERROR_TLS
	ErrTimeout         Status = C.MCPCLIENT_ERROR_TIMEOUT
	ErrCancelled       Status = C.MCPCLIENT_ERROR_CANCELLED
	ErrUnauthorized    Status = C.MCPCLIENT_ERROR_UNAUTHORIZED
	ErrForbidden       Status = C.MCPCLIENT_ERROR_FORBIDDEN
	ErrHTTP            Status = C.MCPCLIENT_ERROR_HTTP
	ErrProtocol        Status = C.MCPCLIENT_ERROR_PROTOCOL
	ErrRPC             Status = C.MCPCLIENT_ERROR_RPC
	ErrUnsupported     Status = C.MCPCLIENT_ERROR_UNSUPPORTED
	ErrInternal        Status = C.MCPCLIENT_ERROR_INTERNAL
)

// String returns the name in C, such as "MCPCLIENT_ERROR_TIMEOUT".
func (s Status) String() string {
	return C.GoString(C.mcpclient_status_name(C.mcpclient_status(s)))
}

func (s Status) Error() string {
	return s.String()
}

// Error is why something failed. Every error of this package is one.
//
// errors.Is finds its Status, and context.Canceled or context.DeadlineExceeded when the context of the call was done.
type Error struct {
	Status          Status
	Message         string          // one line for a person; never holds a credential
	HTTPStatus      int             // such as 503; 0: none
	RPCCode         int             // such as -32601; 0: none
	RPCData         json.RawMessage // nil: none
	WWWAuthenticate string          // the header as it came; "": none

	cause     error
	challenge *challenge
}

// challenge keeps the C error, which can read the WWW-Authenticate header.
type challenge struct {
	handle *C.mcpclient_error
	_      *byte // without a pointer it would share a block with others, which would keep it from being collected
}

func (e *Error) Error() string {
	return "mcpclient: " + e.Message
}

// Is reports whether the target is the error's Status.
func (e *Error) Is(target error) bool {
	return target == e.Status
}

// Unwrap returns the context's error when that is why the call ended.
func (e *Error) Unwrap() error {
	return e.cause
}

// Timeout reports whether a time limit passed, that of the client or of the context.
func (e *Error) Timeout() bool {
	return e.Status == ErrTimeout
}

// ChallengeParameter returns a parameter of the Bearer challenge in WWWAuthenticate, such as "error",
// "error_description", "scope" or "resource_metadata"; "" when there is none.
func (e *Error) ChallengeParameter(name string) string {
	if e.challenge == nil {
		return ""
	}
	texts, err := copyTexts([]argument{required(name)})
	if err != nil {
		return ""
	}
	defer texts.free()
	value := C.GoString(C.mcpclient_error_challenge_parameter(e.challenge.handle, texts[0]))
	runtime.KeepAlive(e.challenge)
	return value
}

// newError takes over an error of the C library.
func newError(failure *C.mcpclient_error) *Error {
	e := &Error{
		Status:          Status(C.mcpclient_error_status(failure)),
		Message:         C.GoString(C.mcpclient_error_message(failure)),
		HTTPStatus:      int(C.mcpclient_error_http_status(failure)),
		RPCCode:         int(C.mcpclient_error_rpc_code(failure)),
		WWWAuthenticate: C.GoString(C.mcpclient_error_www_authenticate(failure)),
	}
	if data := C.mcpclient_error_rpc_data(failure); data != nil {
		e.RPCData = json.RawMessage(C.GoString(data))
	}
	if e.WWWAuthenticate == "" {
		C.mcpclient_error_free(failure)
		return e
	}
	e.challenge = &challenge{handle: failure}
	runtime.AddCleanup(e.challenge, func(handle *C.mcpclient_error) { C.mcpclient_error_free(handle) }, failure)
	return e
}

func check(status C.mcpclient_status, failure *C.mcpclient_error) error {
	if status == C.MCPCLIENT_OK {
		return nil
	}
	return newError(failure)
}

func contextError(ctx context.Context) *Error {
	status := ErrCancelled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		status = ErrTimeout
	}
	return &Error{Status: status, Message: ctx.Err().Error(), cause: ctx.Err()}
}

func errClosed() *Error {
	return &Error{Status: ErrInvalidState, Message: "the client is closed"}
}
