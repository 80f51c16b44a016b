package mcpclient

// #include <mcpclient.h>
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// How long until calls that were given up are cancelled once more: one that had not yet begun in C when it was
// cancelled first has not noticed.
const cancelAgain = 20 * time.Millisecond

// flight is a C client with the calls that are in flight on it.
//
// The library cancels all calls of a client or none. So a call that was given up is cancelled when it is alone, or
// with others that were given up.
type flight struct {
	handle *C.mcpclient
	once   sync.Once

	mu      sync.Mutex
	landed  *sync.Cond // signalled when users becomes 0
	closed  bool
	users   int // users of the handle: setters, and calls, wanted or given up
	wanted  int // calls that a goroutine waits for
	givenUp int // calls whose context is done

	sweeping bool // whether sweepAgain is due
}

// passage is one call.
type passage struct {
	givenUp, over bool
}

func newFlight(handle *C.mcpclient) *flight {
	f := &flight{handle: handle}
	f.landed = sync.NewCond(&f.mu)
	return f
}

// enter says whether the handle may be used, until leave.
func (f *flight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.users++
	}
	return !f.closed
}

func (f *flight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left()
}

func (f *flight) left() {
	f.users--
	if f.users == 0 {
		f.landed.Broadcast()
	}
}

// begin begins a call; nil when the client is closed.
func (f *flight) begin() *passage {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.users++
	f.wanted++
	return new(passage)
}

func (f *flight) end(p *passage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.over = true
	if p.givenUp {
		f.givenUp--
	} else {
		f.wanted--
	}
	f.sweep()
	f.left()
}

// giveUp marks a call that no goroutine waits for.
func (f *flight) giveUp(p *passage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.over {
		return
	}
	p.givenUp = true
	f.wanted--
	f.givenUp++
	f.sweep()
}

// sweep cancels the calls that were given up, unless that would end one that is waited for. No call can begin
// meanwhile, as that takes the lock.
func (f *flight) sweep() {
	if f.givenUp == 0 || f.wanted > 0 {
		return
	}
	C.mcpclient_cancel(f.handle)
	if !f.sweeping {
		f.sweeping = true
		time.AfterFunc(cancelAgain, f.sweepAgain)
	}
}

func (f *flight) sweepAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweeping = false
	f.sweep()
}

func (f *flight) close() {
	f.once.Do(func() {
		f.mu.Lock()
		f.closed = true
		for f.users > 0 {
			C.mcpclient_cancel(f.handle)
			again := time.AfterFunc(cancelAgain, func() {
				f.mu.Lock() // so that the wait below has begun
				defer f.mu.Unlock()
				f.landed.Broadcast()
			})
			f.landed.Wait()
			again.Stop()
		}
		f.mu.Unlock()
		C.mcpclient_free(f.handle)
	})
}

// use runs what does not wait for the server.
func (c *Client) use(run func(handle *C.mcpclient) error) error {
	defer runtime.KeepAlive(c)
	f := c.flight
	if !f.enter() {
		return errClosed()
	}
	defer f.leave()
	return run(f.handle)
}

// call runs what waits for the server, until the context is done. run must leave its result in Go memory alone:
// it may have no owner that frees it.
func call[T any](ctx context.Context, c *Client, run func(handle *C.mcpclient) (T, error)) (T, error) {
	defer runtime.KeepAlive(c)
	var none T
	if ctx.Err() != nil {
		return none, contextError(ctx)
	}
	f := c.flight
	p := f.begin()
	if p == nil {
		return none, errClosed()
	}
	if ctx.Done() == nil {
		defer f.end(p)
		return run(f.handle)
	}
	type outcome struct {
		result T
		err    error
	}
	landed := make(chan outcome, 1)
	go func() {
		defer f.end(p)
		result, err := run(f.handle)
		landed <- outcome{result, err}
	}()
	select {
	case out := <-landed:
		return out.result, out.err
	case <-ctx.Done():
		f.giveUp(p)
		return none, contextError(ctx)
	}
}

// set runs a setter.
func (c *Client) set(run function, arguments ...argument) error {
	return c.use(func(handle *C.mcpclient) error { return run.run(handle, arguments) })
}

// plainCall is a call without a result.
func (c *Client) plainCall(ctx context.Context, run function, arguments ...argument) error {
	_, err := call(ctx, c, func(handle *C.mcpclient) (struct{}, error) {
		return struct{}{}, run.run(handle, arguments)
	})
	return err
}

// valueCall is a call with a result.
func (c *Client) valueCall(
	ctx context.Context,
	run func(*C.mcpclient, texts, **C.mcpclient_value, **C.mcpclient_error) C.mcpclient_status,
	arguments ...argument,
) (*Value, error) {
	return call(ctx, c, func(handle *C.mcpclient) (*Value, error) {
		var result *C.mcpclient_value
		plain := function(func(handle *C.mcpclient, texts texts, failure **C.mcpclient_error) C.mcpclient_status {
			return run(handle, texts, &result, failure)
		})
		if err := plain.run(handle, arguments); err != nil {
			return nil, err
		}
		defer C.mcpclient_value_free(result)
		return copyValue(result), nil
	})
}
