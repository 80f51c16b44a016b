// Package common is what the Go servers of the interoperability tests share.
package common

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

// Token is the one that is accepted.
const Token = "interop-token"

// Cancelled counts the calls of the tool "slow" whose cancellation was heard.
var Cancelled atomic.Int64

// Steps of the tool "slow", with a progress notification after each.
const Steps = 10

// Serve runs the handler on /mcp of 127.0.0.1, at the port that the command line names, or at any free one. It prints a
// line of JSON with the URL and the token, and ends with standard input.
func Serve(handler http.Handler) {
	address := "127.0.0.1:0"
	if len(os.Args) > 1 {
		address = "127.0.0.1:" + os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"url":    "http://" + listener.Addr().String() + "/mcp",
		"tokens": map[string]string{"good": Token},
	})
	mux := http.NewServeMux()
	mux.Handle("/mcp", authorized(handler))
	fmt.Fprintln(os.Stderr, http.Serve(listener, mux))
}

func authorized(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
