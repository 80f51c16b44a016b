package mcpclient

// #include <mcpclient.h>
import "C"

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
)

// Value is a JSON value: a result, or what came with a notification or a request. It never changes.
//
// What is inside is read by JSON Pointer (RFC 6901), "" for the whole, "/content/0/text" for the member "text" of the
// first element of the member "content"; or all at once by Unmarshal.
type Value struct {
	text json.RawMessage
	tree func() any
}

func copyValue(value *C.mcpclient_value) *Value {
	text := json.RawMessage(C.GoString(C.mcpclient_value_json(value)))
	return &Value{text, sync.OnceValue(func() any {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var tree any
		_ = decoder.Decode(&tree) // the library has parsed it before
		return tree
	})}
}

// JSON returns the whole as text, which must not be changed.
func (v *Value) JSON() json.RawMessage {
	return v.text
}

// String returns the whole as text.
func (v *Value) String() string {
	return string(v.text)
}

// MarshalJSON returns the whole as text.
func (v *Value) MarshalJSON() ([]byte, error) {
	return v.text, nil
}

// Unmarshal decodes the whole as json.Unmarshal does.
func (v *Value) Unmarshal(into any) error {
	return json.Unmarshal(v.text, into)
}

// Text returns the string at a pointer, if there is one.
func (v *Value) Text(pointer string) (string, bool) {
	text, ok := v.at(pointer).(string)
	return text, ok
}

// Int64 returns the integer at a pointer, if there is one that fits; also one that is written as 3.0 or 3e2, as long as
// a float64 holds every integer of its size.
func (v *Value) Int64(pointer string) (int64, bool) {
	number, ok := v.at(pointer).(json.Number)
	if integer, err := number.Int64(); err == nil {
		return integer, ok
	}
	float, err := number.Float64()
	whole := err == nil && float == math.Trunc(float) && math.Abs(float) <= 1<<53
	return int64(float), ok && whole
}

// Float64 returns the number at a pointer, if there is one.
func (v *Value) Float64(pointer string) (float64, bool) {
	number, ok := v.at(pointer).(json.Number)
	float, err := number.Float64()
	return float, ok && err == nil
}

// Bool returns the boolean at a pointer, if there is one.
func (v *Value) Bool(pointer string) (value, ok bool) {
	value, ok = v.at(pointer).(bool)
	return value, ok
}

// Len returns the number of elements or members of what is at a pointer, 0 if it is no array and no object.
func (v *Value) Len(pointer string) int {
	switch node := v.at(pointer).(type) {
	case []any:
		return len(node)
	case map[string]any:
		return len(node)
	}
	return 0
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

func (v *Value) at(pointer string) any {
	node := v.tree()
	if pointer == "" {
		return node
	}
	if pointer[0] != '/' {
		return nil
	}
	for _, token := range strings.Split(pointer[1:], "/") {
		switch container := node.(type) {
		case map[string]any:
			node = container[unescape.Replace(token)]
		case []any:
			index, err := strconv.ParseUint(token, 10, 31)
			leadingZero := len(token) > 1 && token[0] == '0' // RFC 6901, section 4
			if err != nil || leadingZero || int(index) >= len(container) {
				return nil
			}
			node = container[index]
		default:
			return nil
		}
	}
	return node
}
