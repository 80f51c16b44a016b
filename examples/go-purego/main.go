// Is the server there, and does it accept this token? Without cgo: the program loads the shared library when it runs.
//
//	MCP_TOKEN=... CGO_ENABLED=0 go run . https://example.com/mcp
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"
)

// Handles are uintptr: Go must neither follow nor free them. A "const char *" becomes a copied string.
var (
	clientNew      func(url string, failure *uintptr) uintptr
	setBearerToken func(client uintptr, token string, failure *uintptr) int32
	ping           func(client uintptr, failure *uintptr) int32
	clientFree     func(client uintptr)
	statusName     func(status int32) string
	errorStatus    func(failure uintptr) int32
	errorMessage   func(failure uintptr) string
	errorFree      func(failure uintptr)
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: [MCP_TOKEN=...] [MCPCLIENT_LIBRARY=...] ping URL")
		os.Exit(2)
	}
	if err := load(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := run(os.Args[1], os.Getenv("MCP_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("OK")
}

func run(url, token string) error {
	var failure uintptr
	client := clientNew(url, &failure)
	if client == 0 {
		return taken(failure)
	}
	defer clientFree(client)
	if token != "" && setBearerToken(client, token, &failure) != 0 {
		return taken(failure)
	}
	if ping(client, &failure) != 0 {
		return taken(failure)
	}
	return nil
}

// taken turns an error of the library into one of Go and frees it.
func taken(failure uintptr) error {
	defer errorFree(failure)
	return fmt.Errorf("%s: %s", statusName(errorStatus(failure)), errorMessage(failure))
}

func load() error {
	library, err := purego.Dlopen(libraryName(), purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return err
	}
	for name, function := range map[string]any{
		"mcpclient_new":              &clientNew,
		"mcpclient_set_bearer_token": &setBearerToken,
		"mcpclient_ping":             &ping,
		"mcpclient_free":             &clientFree,
		"mcpclient_status_name":      &statusName,
		"mcpclient_error_status":     &errorStatus,
		"mcpclient_error_message":    &errorMessage,
		"mcpclient_error_free":       &errorFree,
	} {
		purego.RegisterLibFunc(function, library, name)
	}
	return nil
}

func libraryName() string {
	if name := os.Getenv("MCPCLIENT_LIBRARY"); name != "" {
		return name
	}
	if runtime.GOOS == "darwin" {
		return "libmcpclient.0.dylib"
	}
	return "libmcpclient.so.0"
}
