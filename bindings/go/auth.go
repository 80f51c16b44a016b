package mcpclient

// #include "callbacks.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
)

// Auth is credentials that any number of clients share. It holds no connection and needs no closing.
type Auth struct {
	handle *C.mcpclient_auth
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
		return C.mcpclient_bearer_auth_new(a[0], e)
	}, required(token))
}

// NewTokenFileAuth makes credentials of a token in a file that something else rotates, such as a service-account token
// that Kubernetes projects.
func NewTokenFileAuth(path string) (*Auth, error) {
	return newAuth(func(a texts, e **C.mcpclient_error) *C.mcpclient_auth {
		return C.mcpclient_token_file_new(a[0], e)
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
	auth := &Auth{handle}
	runtime.AddCleanup(auth, func(handle *C.mcpclient_auth) { C.mcpclient_auth_free(handle) }, handle)
	return auth, nil
}

// SetToken rotates the token of NewBearerAuth, for every client that has these credentials.
func (a *Auth) SetToken(token string) error {
	texts, err := copyTexts([]argument{required(token)})
	if err != nil {
		return err
	}
	defer texts.free()
	defer runtime.KeepAlive(a)
	var failure *C.mcpclient_error
	return check(C.mcpclient_bearer_auth_set_token(a.handle, texts[0], &failure), failure)
}
