// Is the server there, and does it accept this token?
//
//	MCP_TOKEN=... go run . https://example.com/mcp
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"libmcpclient.dev/go/mcpclient"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: [MCP_TOKEN=...] ping URL")
		os.Exit(2)
	}
	err := ping(os.Args[1], os.Getenv("MCP_TOKEN"))
	if errors.Is(err, mcpclient.ErrUnauthorized) {
		fmt.Fprintln(os.Stderr, "log in again:", err)
		os.Exit(1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("OK")
}

func ping(url, token string) error {
	client, err := mcpclient.New(url)
	if err != nil {
		return err
	}
	defer client.Close()
	if token != "" {
		if err := client.SetBearerToken(token); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return client.Ping(ctx)
}
