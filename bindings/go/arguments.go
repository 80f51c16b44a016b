package mcpclient

// #include <stdlib.h>
// #include <mcpclient.h>
//
// // Texts may be credentials, which are not left behind.
// static void mcpclient_go_free(char *text)
// {
//     for (volatile char *byte = text; byte && *byte; byte++)
//         *byte = 0;
//     free(text);
// }
import "C"

import (
	"encoding/json"
	"strings"
)

// argument is a text on its way to C, or why it cannot go there.
type argument struct {
	text *string // nil: NULL
	err  error
}

// required is a text, which in C would end at its first NUL.
func required(text string) argument {
	if strings.IndexByte(text, 0) >= 0 {
		return argument{err: &Error{Status: ErrInvalidArgument, Message: "a text has a NUL inside"}}
	}
	return argument{text: &text}
}

// optional makes NULL of an empty text.
func optional(text string) argument {
	if text == "" {
		return argument{}
	}
	return required(text)
}

// encoded is a value as JSON text; NULL for nil, also for a nil map.
func encoded(value any) argument {
	if value == nil {
		return argument{}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return argument{err: &Error{Status: ErrInvalidArgument, Message: err.Error(), cause: err}}
	}
	if string(text) == "null" {
		return argument{}
	}
	return required(string(text))
}

// texts are the C strings of one call.
type texts []*C.char

func copyTexts(arguments []argument) (texts, error) {
	for _, argument := range arguments {
		if argument.err != nil {
			return nil, argument.err
		}
	}
	copies := make(texts, len(arguments))
	for i, argument := range arguments {
		if argument.text != nil {
			copies[i] = C.CString(*argument.text)
		}
	}
	return copies, nil
}

func (t texts) free() {
	for _, text := range t {
		C.mcpclient_go_free(text)
	}
}

// function is a function of the C library, its texts bound to their places.
type function func(handle *C.mcpclient, texts texts, failure **C.mcpclient_error) C.mcpclient_status

func (f function) run(handle *C.mcpclient, arguments []argument) error {
	texts, err := copyTexts(arguments)
	if err != nil {
		return err
	}
	defer texts.free()
	var failure *C.mcpclient_error
	return check(f(handle, texts, &failure), failure)
}
