package mcpclient

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

type slow struct {
	Ms int `json:"ms"`
}

func takes(limit time.Duration) slow {
	return slow{int(limit / time.Millisecond)}
}

// eventually waits for what happens at the library's own pace.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what + " did not happen")
		}
	}
}

func (f *flight) inFlight() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.users
}

func TestContextEndsItsCall(t *testing.T) {
	client := askingClient(t)
	must(t, client.Connect(background))
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(20*time.Millisecond, cancel)
	start := time.Now()
	_, err := client.CallTool(ctx, "slow", takes(4*soon))
	mustBe(t, err, ErrCancelled)
	if !errors.Is(err, context.Canceled) || time.Since(start) > soon {
		t.Fatal(err, time.Since(start))
	}
	eventually(t, "the end of the call in C", func() bool { return client.flight.inFlight() == 0 })
	mustBe(t, client.Ping(ctx), ErrCancelled)
	must(t, client.Ping(background))
}

func TestDeadline(t *testing.T) {
	client := askingClient(t)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err := client.CallTool(ctx, "slow", takes(4*soon))
	e := mustBe(t, err, ErrTimeout)
	if !errors.Is(err, context.DeadlineExceeded) || !e.Timeout() {
		t.Fatal(err)
	}
	must(t, client.SetTimeout(50*time.Millisecond))
	_, err = client.CallTool(background, "slow", takes(4*soon))
	equal(t, mustBe(t, err, ErrTimeout).Timeout(), true)
}

func TestContextEndsNoOtherCall(t *testing.T) {
	client := askingClient(t)
	must(t, client.Connect(background))
	others := make(chan error)
	for i := range 2 {
		ctx, cancel := context.WithTimeout(background, time.Minute)
		if i == 0 {
			ctx = background
		}
		go func() {
			defer cancel()
			_, err := client.CallTool(ctx, "slow", takes(500*time.Millisecond))
			others <- err
		}()
	}
	eventually(t, "the beginning of the calls", func() bool { return client.flight.inFlight() == 2 })
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(20*time.Millisecond, cancel)
	start := time.Now()
	_, err := client.CallTool(ctx, "slow", takes(8*soon))
	mustBe(t, err, ErrCancelled)
	if time.Since(start) > soon {
		t.Fatal("the caller was kept waiting")
	}
	must(t, <-others)
	must(t, <-others)
	// No call is left that cancelling could harm.
	eventually(t, "the end of the call that was given up", func() bool { return client.flight.inFlight() == 0 })
}

func TestCancelEndsAllCalls(t *testing.T) {
	client := askingClient(t)
	must(t, client.Connect(background))
	ended := make(chan error)
	for range 3 {
		go func() {
			_, err := client.CallTool(background, "slow", takes(4*soon))
			ended <- err
		}()
	}
	eventually(t, "the beginning of the calls", func() bool { return client.flight.inFlight() == 3 })
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				client.Cancel()
			}
		}
	}()
	for range 3 {
		mustBe(t, <-ended, ErrCancelled)
	}
	close(stop)
}

func TestClose(t *testing.T) {
	client := askingClient(t)
	must(t, client.Connect(background))
	ended := make(chan error)
	go func() {
		_, err := client.CallTool(background, "slow", takes(4*soon))
		ended <- err
	}()
	eventually(t, "the beginning of the call", func() bool { return client.flight.inFlight() == 1 })
	start := time.Now()
	must(t, client.Close())
	mustBe(t, <-ended, ErrCancelled)
	if time.Since(start) > soon {
		t.Fatal("Close waited for the call's own end")
	}
	mustBe(t, client.Ping(background), ErrInvalidState)
	mustBe(t, client.SetBearerToken("x"), ErrInvalidState)
	equal(t, client.ProtocolVersion(), "")
	client.Cancel()
	client.Disconnect()
	must(t, client.Close())
}

// What only a client's handler holds is collected when the C client, which holds the handler, has been freed.
func TestForgottenClientIsFreed(t *testing.T) {
	demo := server(t, "MCPCLIENT_DEMO_SERVER")
	var freed atomic.Bool
	func() {
		client, err := New(demo + "/mcp")
		must(t, err)
		held := new([64]byte)
		runtime.AddCleanup(held, func(int) { freed.Store(true) }, 0)
		must(t, client.OnNotification("", func(string, *Value) { held[0]++ }))
	}()
	eventually(t, "the client's end", func() bool {
		runtime.GC()
		return freed.Load()
	})
}

// Credentials among small neighbours that live on are freed all the same, and with them what their provider holds.
func TestForgottenAuthIsFreed(t *testing.T) {
	var freed atomic.Int32
	var neighbours []*int32
	const many = 100
	for range many {
		held := new([64]byte)
		runtime.AddCleanup(held, func(int) { freed.Add(1) }, 0)
		_, err := NewTokenProviderAuth(func(TokenRequest) (string, error) { return string(held[:1]), nil })
		must(t, err)
		neighbours = append(neighbours, new(int32))
	}
	eventually(t, "the end of the credentials", func() bool {
		runtime.GC()
		return freed.Load() >= many-1
	})
	runtime.KeepAlive(neighbours)
}
