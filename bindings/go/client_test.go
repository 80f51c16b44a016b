package mcpclient

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Long enough for any call here on a busy machine, short against a call that does not end.
const soon = 10 * time.Second

var background = context.Background()

// server returns the address in an environment variable, which tests/outside/bindings/run.sh sets.
func server(t *testing.T, variable string) string {
	t.Helper()
	url := os.Getenv(variable)
	if url == "" {
		t.Skip(variable + " is not set: run tests/outside/bindings/run.sh")
	}
	return url
}

func newClient(t *testing.T, url string) *Client {
	t.Helper()
	client, err := New(url)
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	return client
}

// demoClient is a client of examples/demo_server.
func demoClient(t *testing.T) *Client {
	t.Helper()
	client := newClient(t, server(t, "MCPCLIENT_DEMO_SERVER")+"/mcp")
	must(t, client.SetBearerToken("demo-token"))
	return client
}

// askingClient is a client of tests/outside/bindings/asking_server.py.
func askingClient(t *testing.T) *Client {
	t.Helper()
	return newClient(t, server(t, "MCPCLIENT_ASKING_SERVER")+"/mcp")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBe(t *testing.T, err error, status Status) *Error {
	t.Helper()
	var e *Error
	if !errors.Is(err, status) || !errors.As(err, &e) {
		t.Fatalf("%v instead of %v", err, status)
	}
	return e
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%v instead of %v", got, want)
	}
}

func TestPing(t *testing.T) {
	client := demoClient(t)
	equal(t, client.Transport(), TransportAuto)
	equal(t, client.ProtocolVersion(), "")
	must(t, client.Connect(background))
	must(t, client.Ping(background))
	equal(t, client.Transport(), TransportStreamableHTTP)
	equal(t, client.ProtocolVersion(), "2026-07-28")
	mustBe(t, client.SetTransport(TransportSSE), ErrInvalidState)
	client.Disconnect()
	equal(t, client.ProtocolVersion(), "")
	must(t, client.SetProtocolVersion("2025-03-26"))
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	must(t, client.Ping(ctx))
	equal(t, client.ProtocolVersion(), "2025-03-26")
	if Version() == "" {
		t.Fatal("the library has no version")
	}
}

func TestGoroutinesPingAtOnce(t *testing.T) {
	client := demoClient(t)
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	failures := make(chan error, 64)
	var all sync.WaitGroup
	for i := range cap(failures) {
		all.Add(1)
		go func() {
			defer all.Done()
			if i%8 == 0 {
				failures <- client.SetBearerToken("demo-token")
			} else {
				failures <- client.Ping(ctx)
			}
		}()
	}
	all.Wait()
	close(failures)
	for err := range failures {
		must(t, err)
	}
}

func TestErrorHasWhatTheServerSaid(t *testing.T) {
	client := demoClient(t)
	must(t, client.SetBearerToken("revoked"))
	e := mustBe(t, client.Ping(background), ErrUnauthorized)
	equal(t, e.HTTPStatus, 401)
	equal(t, e.ChallengeParameter("error"), "invalid_token")
	equal(t, e.ChallengeParameter("scope"), "")
	equal(t, e.ChallengeParameter("a\x00b"), "")
	if !strings.HasPrefix(e.WWWAuthenticate, "Bearer realm=") || strings.Contains(e.Error(), "revoked") {
		t.Fatal(e, e.WWWAuthenticate)
	}
	equal(t, e.Timeout(), false)
	equal(t, errors.Is(e, ErrForbidden), false)
	equal(t, ErrTimeout.Error(), "MCPCLIENT_ERROR_TIMEOUT")

	must(t, client.SetBearerToken("demo-token"))
	_, err := client.ReadResource(background, "demo://absent")
	e = mustBe(t, err, ErrRPC)
	equal(t, e.RPCCode, -32602)
	equal(t, string(e.RPCData), `{"uri":"demo://absent"}`)
	equal(t, e.ChallengeParameter("error"), "")
}

func TestCredentials(t *testing.T) {
	demo := server(t, "MCPCLIENT_DEMO_SERVER")
	one, two := newClient(t, demo+"/mcp"), newClient(t, demo+"/sse")
	auth, err := NewBearerAuth("demo-token")
	must(t, err)
	must(t, one.SetAuth(auth))
	must(t, two.SetAuth(auth))
	must(t, one.Ping(background))
	must(t, two.Ping(background))
	equal(t, two.Transport(), TransportSSE)
	must(t, auth.SetToken("revoked"))
	mustBe(t, one.Ping(background), ErrUnauthorized)
	must(t, auth.SetToken("demo-token"))
	must(t, auth.Close())
	must(t, auth.Close())
	must(t, one.Ping(background))
	mustBe(t, auth.SetToken("late"), ErrInvalidState)
	mustBe(t, two.SetAuth(auth), ErrInvalidState)
	must(t, one.SetAuth(nil))
	must(t, one.SetHeader("X-API-Key", "demo-key"))
	must(t, one.Ping(background))
	must(t, one.RemoveHeader("X-API-Key"))
	mustBe(t, one.Ping(background), ErrUnauthorized)

	path := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(path, []byte("demo-token\n"), 0o600))
	file, err := NewTokenFileAuth(path)
	must(t, err)
	must(t, one.SetAuth(file))
	must(t, one.Ping(background))
	mustBe(t, file.SetToken("x"), ErrInvalidState)
	_, err = NewTokenFileAuth(path + ".absent")
	mustBe(t, err, ErrInvalidArgument)
	_, err = NewBearerAuth("two words")
	mustBe(t, err, ErrInvalidArgument)
}

func TestTokenProvider(t *testing.T) {
	client := demoClient(t)
	var requests []TokenRequest
	auth, err := NewTokenProviderAuth(func(request TokenRequest) (string, error) {
		requests = append(requests, request)
		return []string{"expired", "demo-token"}[len(requests)-1], nil
	})
	must(t, err)
	must(t, client.SetAuth(auth))
	must(t, client.Ping(background))
	must(t, client.Ping(background))
	equal(t, len(requests), 2)
	equal(t, requests[0], TokenRequest{})
	if !requests[1].Refused || !strings.Contains(requests[1].Challenge, "invalid_token") {
		t.Fatal(requests[1])
	}

	for _, bad := range []string{"", "a\x00b"} {
		auth, err = NewTokenProviderAuth(func(TokenRequest) (string, error) { return bad, nil })
		must(t, err)
		must(t, client.SetAuth(auth))
		mustBe(t, client.Ping(background), ErrInvalidState)
	}
	_, err = NewTokenProviderAuth(nil)
	mustBe(t, err, ErrInvalidArgument)
}

func TestWhatCannotBeSentIsRefused(t *testing.T) {
	client := demoClient(t)
	for _, err := range []error{
		client.SetBearerToken(""), client.SetBearerToken("demo-token\x00"), client.SetHeader("X\x00", "y"),
		client.SetHeader("Host", "elsewhere"), client.SetTimeout(-1), client.SetTimeout(2000 * time.Hour),
		client.SetConnectTimeout(-1), client.SetMaxResponseBytes(0), client.SetProxy("no proxy"),
		client.SetCAFile("/nowhere.pem"), client.SetClientCertificate("/nowhere.pem", ""),
		client.SetCapabilities("text"), client.SetCapabilities(func() {}), client.SetClientInfo("", ""),
		client.SetTransport(7), client.SetProtocolVersion("1999-12-31"), client.OnRequest("", nil),
	} {
		mustBe(t, err, ErrInvalidArgument)
	}
	must(t, client.Ping(background)) // the token that was set is still there
	for _, url := range []string{"ftp://example.com", "http://a\x00b/"} {
		_, err := New(url)
		mustBe(t, err, ErrInvalidArgument)
	}
}

func TestSettings(t *testing.T) {
	client := demoClient(t)
	for _, err := range []error{
		client.SetTimeout(time.Minute), client.SetConnectTimeout(time.Second), client.SetMaxResponseBytes(1 << 20),
		client.SetCAFile(""), client.SetClientCertificate("", ""), client.SetTLSVerify(false), client.SetTLSVerify(true),
		client.SetProxyFromEnvironment(), client.SetProxy(""), client.SetClientInfo("test", "1"), client.SetCache(false),
		client.SetCapabilities(map[string]any{"roots": map[string]any{}}), client.SetCapabilities(nil),
		client.SetTransport(TransportStreamableHTTP), client.SetProtocolVersion(""),
	} {
		must(t, err)
	}
	must(t, client.Ping(background))
	must(t, client.SetMaxResponseBytes(10))
	client.Disconnect()
	mustBe(t, client.Ping(background), ErrProtocol)
}

func TestRefusedConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	client := newClient(t, "http://"+listener.Addr().String())
	mustBe(t, client.Ping(background), ErrNetwork)
}
