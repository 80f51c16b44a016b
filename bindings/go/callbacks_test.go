package mcpclient

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

func TestServerAsks(t *testing.T) {
	client := askingClient(t)
	var heard atomic.Value
	must(t, client.OnNotification("", func(method string, params *Value) {
		if data, ok := params.Text("/data"); ok {
			heard.Store(method + " " + data)
		}
	}))
	answer := func(handler RequestHandler) *Value {
		must(t, client.OnRequest("elicitation/create", handler))
		return result(t)(client.CallTool(background, "ask", nil))
	}
	accepted := answer(func(method string, params *Value) (any, error) {
		hasText(t, params, "/message", "Your name?")
		return map[string]any{"action": "accept", "content": map[string]string{"name": "Ada"}}, nil
	})
	hasText(t, accepted, "/structuredContent/result/content/name", "Ada")
	equal(t, heard.Load().(string), "notifications/message working")

	refused := answer(func(string, *Value) (any, error) { return nil, &ReplyError{-1, "no user"} })
	hasText(t, refused, "/structuredContent/error/message", "no user")
	for _, handler := range []RequestHandler{
		func(string, *Value) (any, error) { return nil, errors.New("confidential") },
		func(string, *Value) (any, error) { return "no object", nil },
		func(string, *Value) (any, error) { return func() {}, nil },
	} {
		hasText(t, answer(handler), "/structuredContent/error/message", "the client failed to answer")
	}
	equal(t, answer(nil).Len("/structuredContent/error"), 2)
}

func TestListen(t *testing.T) {
	client := askingClient(t)
	var changes atomic.Int32
	must(t, client.OnNotification("notifications/tools/list_changed", func(string, *Value) { changes.Add(1) }))
	must(t, client.Listen(background, map[string]bool{"toolsListChanged": true}))
	eventually(t, "a notification", func() bool { return changes.Load() > 0 })
	client.StopListening()
	must(t, client.OnNotification("notifications/tools/list_changed", nil))
}

// A panic in a callback ends the program, even when something above it recovers.
func TestPanic(t *testing.T) {
	callbacks := map[string]func(){"out of tea": func() { panic("out of tea") }, "runtime.Goexit": runtime.Goexit}
	if callback := callbacks[os.Getenv("MCPCLIENT_TEST_PANIC")]; callback != nil {
		defer func() { _ = recover() }()
		client := askingClient(t)
		must(t, client.OnNotification("", func(string, *Value) { callback() }))
		_, _ = client.CallTool(background, "ask", nil)
		return
	}
	server(t, "MCPCLIENT_ASKING_SERVER")
	for reason := range callbacks {
		program := exec.Command(os.Args[0], "-test.run=^TestPanic$")
		program.Env = append(os.Environ(), "MCPCLIENT_TEST_PANIC="+reason)
		output, err := program.CombinedOutput()
		if err == nil || !strings.Contains(string(output), "panic in a callback: "+reason) {
			t.Fatal(err, string(output))
		}
	}
}
