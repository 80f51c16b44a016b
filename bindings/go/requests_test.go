package mcpclient

import (
	"encoding/json"
	"testing"
)

func result(t *testing.T) func(*Value, error) *Value {
	return func(value *Value, err error) *Value {
		t.Helper()
		must(t, err)
		return value
	}
}

func hasText(t *testing.T, value *Value, pointer, want string) {
	t.Helper()
	if got, ok := value.Text(pointer); !ok || got != want {
		t.Fatalf("%s has %q instead of %q at %s", value, got, want, pointer)
	}
}

func TestEverythingAServerOffers(t *testing.T) {
	client := demoClient(t)
	hasText(t, result(t)(client.ServerInfo(background)), "/name", "demo-server")
	hasText(t, result(t)(client.ListTools(background)), "/0/name", "add")
	hasText(t, result(t)(client.ListResources(background)), "/0/uri", "demo://about")
	equal(t, result(t)(client.ListResourceTemplates(background)).String(), "[]")
	hasText(t, result(t)(client.ReadResource(background, "demo://about")), "/contents/0/uri", "demo://about")
	hasText(t, result(t)(client.ListPrompts(background)), "/0/name", "greet")
	prompt := result(t)(client.GetPrompt(background, "greet", map[string]string{"name": "Ada"}))
	hasText(t, prompt, "/messages/0/content/text", "Please greet Ada.")
	_, err := client.GetPrompt(background, "greet", nil)
	mustBe(t, err, ErrRPC)
	equal(t, result(t)(client.Request(background, "tools/list", nil)).Len("/tools"), 2)
	_, err = client.CallTool(background, "add", "text")
	mustBe(t, err, ErrInvalidArgument)

	sum := result(t)(client.CallTool(background, "add", map[string]int{"a": 20, "b": 22}))
	if got, ok := sum.Int64("/structuredContent/sum"); !ok || got != 42 {
		t.Fatal(sum)
	}
	var decoded struct {
		StructuredContent struct{ Sum int }
	}
	must(t, sum.Unmarshal(&decoded))
	equal(t, decoded.StructuredContent.Sum, 42)
	echo := result(t)(client.CallTool(background, "echo", json.RawMessage(`{"text":"<\u00fc>"}`)))
	hasText(t, echo, "/content/0/text", "<ü>")

	other := askingClient(t)
	reference := map[string]string{"type": "ref/prompt", "name": "greet"}
	hasText(t, result(t)(other.Complete(background, reference, "name", "A")), "/completion/values/1", "Alan")
	must(t, other.SetServerLogLevel(background, "debug"))
	mustBe(t, other.SetServerLogLevel(background, "loud"), ErrInvalidArgument)
	must(t, other.Notify(background, "notifications/progress", map[string]int{"progressToken": 1, "progress": 1}))
}

func TestValue(t *testing.T) {
	value := result(t)(askingClient(t).Request(background, "test/nested", nil))
	hasText(t, value, "/list/0/text", "fünf")
	equal(t, value.Len(""), 2)
	equal(t, value.Len("/list"), 5)
	if number, ok := value.Int64("/big"); !ok || number != 9007199254740993 {
		t.Fatal(number)
	}
	if number, ok := value.Float64("/list/2"); !ok || number != -0.5 {
		t.Fatal(number)
	}
	if boolean, ok := value.Bool("/list/3"); !ok || !boolean {
		t.Fatal(boolean)
	}
	for _, pointer := range []string{"list", "/list/00", "/list/5", "/list/-", "/list/1/x", "/absent", "/"} {
		_, isText := value.Text(pointer)
		_, isInt64 := value.Int64(pointer)
		_, isFloat64 := value.Float64(pointer)
		_, isBool := value.Bool(pointer)
		if isText || isInt64 || isFloat64 || isBool || value.Len(pointer) != 0 {
			t.Fatal(pointer)
		}
	}
	encoded, err := json.Marshal(value)
	must(t, err)
	var decoded map[string]json.RawMessage
	must(t, json.Unmarshal(encoded, &decoded))
	equal(t, string(decoded["big"]), "9007199254740993")
}
