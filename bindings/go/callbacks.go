package mcpclient

// #include "callbacks.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"runtime/debug"
)

// NotificationHandler receives notifications of the server.
type NotificationHandler func(method string, params *Value)

// RequestHandler answers what the server asks, with something that encodes to a JSON object. A *ReplyError goes to the
// server as it is, any other error as an internal error without its text.
type RequestHandler func(method string, params *Value) (result any, err error)

// ReplyError is a JSON-RPC error with which a RequestHandler answers.
type ReplyError struct {
	Code    int32
	Message string
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("%s (%d)", e.Message, e.Code)
}

// The answer to the server when a handler has failed: JSON-RPC 2.0, section 5.1.
var internalError = &ReplyError{-32603, "the client failed to answer"}

// OnNotification sets the handler for a method such as "notifications/message", or for all with "". A nil handler
// removes it.
func (c *Client) OnNotification(method string, handler NotificationHandler) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_go_on_notification(h, a[0], handle(handler, handler == nil), e)
	}, optional(method))
}

// OnRequest sets the handler for "elicitation/create", "sampling/createMessage" or "roots/list", before connecting:
// having one is what tells the server of the client's capability. A nil handler removes it.
func (c *Client) OnRequest(method string, handler RequestHandler) error {
	return c.set(func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_go_on_request(h, a[0], handle(handler, handler == nil), e)
	}, required(method))
}

// handle makes a number of a function; the library has it dropped exactly once.
func handle(function any, none bool) C.uintptr_t {
	if none {
		return 0
	}
	return C.uintptr_t(cgo.NewHandle(function))
}

// run runs a callback, and ends the program when it does not return: the library's frames above must not be left out
// when the goroutine unwinds.
func run(callback func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		reason := recover()
		if reason == nil {
			reason = "runtime.Goexit"
		}
		message := fmt.Sprintf("mcpclient: panic in a callback: %v\n\n%s", reason, debug.Stack())
		go panic(message)
		select {}
	}()
	callback()
	returned = true
}

//export mcpclientGoToken
func mcpclientGoToken(handle C.uintptr_t, request *C.mcpclient_token_request) {
	challenge := C.mcpclient_token_request_challenge(request)
	provider := cgo.Handle(handle).Value().(TokenProvider)
	var token string
	var err error
	run(func() {
		token, err = provider(TokenRequest{Refused: challenge != nil, Challenge: C.GoString(challenge)})
	})
	if err != nil {
		return
	}
	if texts, err := copyTexts([]argument{required(token)}); err == nil {
		defer texts.free()
		C.mcpclient_token_request_set(request, texts[0], nil)
	}
}

//export mcpclientGoNotification
func mcpclientGoNotification(handle C.uintptr_t, method *C.char, params *C.mcpclient_value) {
	handler := cgo.Handle(handle).Value().(NotificationHandler)
	run(func() { handler(C.GoString(method), copyValue(params)) })
}

//export mcpclientGoRequest
func mcpclientGoRequest(handle C.uintptr_t, method *C.char, params *C.mcpclient_value, reply *C.mcpclient_reply) {
	handler := cgo.Handle(handle).Value().(RequestHandler)
	replied := false
	var err error
	run(func() {
		var result any
		result, err = handler(C.GoString(method), copyValue(params))
		replied = err == nil && replyResult(reply, result) // encodes the result, which may be code of the program too
	})
	if replied {
		return
	}
	answer := internalError
	if errors.As(err, &answer) && answer == nil {
		answer = internalError
	}
	texts, err := copyTexts([]argument{required(answer.Message)})
	if err != nil {
		return
	}
	defer texts.free()
	C.mcpclient_reply_error(reply, C.int32_t(answer.Code), texts[0], nil)
}

// replyResult says whether the result could be sent.
func replyResult(reply *C.mcpclient_reply, result any) bool {
	texts, err := copyTexts([]argument{encoded(result)})
	if err != nil {
		return false
	}
	defer texts.free()
	return C.mcpclient_reply_result(reply, texts[0], nil) == C.MCPCLIENT_OK
}

//export mcpclientGoDrop
func mcpclientGoDrop(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}
