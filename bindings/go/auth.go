package mcpclient

// #include "callbacks.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"sync"
)

// Auth is credentials that any number of clients share. Clients that have it go on using it after Close.
type Auth struct {
	held *heldAuth
}

// heldAuth is the handle, freed by Close or, as a safety net, when the Auth is unreachable.
type heldAuth struct {
	mu     sync.Mutex
	handle *C.mcpclient_auth // nil: closed
}

func (h *heldAuth) free() {
	h.mu.Lock()
	defer h.mu.Unlock()
	C.mcpclient_auth_free(h.handle)
	h.handle = nil
}

// use runs something with the handle, which lasts for so long.
func (a *Auth) use(run func(handle *C.mcpclient_auth) error) error {
	defer runtime.KeepAlive(a)
	a.held.mu.Lock()
	defer a.held.mu.Unlock()
	if a.held.handle == nil {
		return &Error{Status: ErrInvalidState, Message: "the credentials are closed"}
	}
	return run(a.held.handle)
}

// Close gives the credentials up: they can be set and rotated no more. It may be called again.
func (a *Auth) Close() error {
	a.held.free()
	return nil
}

// TokenRequest is why a token provider is asked.
type TokenRequest struct {
	Refused   bool   // whether the server refused the last token
	Challenge string // the WWW-Authenticate header of that refusal; "": it had none
}

// TokenProvider gets a token. The time that it takes counts as time of the call, but is not cut short.
type TokenProvider func(TokenRequest) (string, error)

// NewBearerAuth makes credentials of a token that SetToken can rotate.
func NewBearerAuth(token string) (*Auth, error) {
	return newAuth(func(a texts, e **C.mcpclient_error) *C.mcpclient_auth {
		return C.mcpclient_auth_bearer_new(a[0], e)
	}, required(token))
}

// NewTokenFileAuth makes credentials of a token in a file that something else rotates, such as a service-account token
// that Kubernetes projects.
func NewTokenFileAuth(path string) (*Auth, error) {
	return newAuth(func(a texts, e **C.mcpclient_error) *C.mcpclient_auth {
		return C.mcpclient_auth_token_file_new(a[0], e)
	}, required(path))
}

// NewTokenProviderAuth makes credentials that ask a function for the token: before the first request and once more
// after a 401. When it returns an error, the call fails with ErrUnauthorized after a 401, else with ErrInvalidState;
// the error itself is the provider's to report.
func NewTokenProviderAuth(provider TokenProvider) (*Auth, error) {
	if provider == nil {
		return nil, &Error{Status: ErrInvalidArgument, Message: "the token provider is nil"}
	}
	return newAuth(func(_ texts, e **C.mcpclient_error) *C.mcpclient_auth {
		return C.mcpclient_go_token_provider_new(C.uintptr_t(cgo.NewHandle(provider)), e)
	})
}

func newAuth(make func(texts, **C.mcpclient_error) *C.mcpclient_auth, arguments ...argument) (*Auth, error) {
	texts, err := copyTexts(arguments)
	if err != nil {
		return nil, err
	}
	defer texts.free()
	var failure *C.mcpclient_error
	handle := make(texts, &failure)
	if handle == nil {
		return nil, newError(failure)
	}
	auth := &Auth{&heldAuth{handle: handle}}
	runtime.AddCleanup(auth, (*heldAuth).free, auth.held)
	return auth, nil
}

// SetToken rotates the token of NewBearerAuth, for every client that has these credentials.
func (a *Auth) SetToken(token string) error {
	texts, err := copyTexts([]argument{required(token)})
	if err != nil {
		return err
	}
	defer texts.free()
	return a.use(func(handle *C.mcpclient_auth) error {
		var failure *C.mcpclient_error
		return check(C.mcpclient_auth_set_token(handle, texts[0], &failure), failure)
	})
}
