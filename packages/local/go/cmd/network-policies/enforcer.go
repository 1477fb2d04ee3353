// Keeps the packet filter equal to the cluster. Events only wake the loop; what it applies is always compiled from everything
// that is known, so a lost or doubled event changes nothing.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

const (
	// A failed transaction is tried again after this long even if nothing changes in the cluster.
	retryAfter = 200 * time.Millisecond
	// This often it is looked whether somebody took the table away.
	lookEvery = 30 * time.Second
)

type Enforcer struct {
	compiler *Compiler
	kernel   *Kernel
	// objects gives what is known now and the number of the last attachment among it.
	objects func() (Objects, int, error)
	wake    chan struct{}

	mutex   sync.Mutex
	applied Ruleset
	version int
	// Closed and replaced whenever something was applied.
	changed chan struct{}
}

func NewEnforcer(network Network, kernel *Kernel, objects func() (Objects, int, error)) *Enforcer {
	return &Enforcer{
		compiler: NewCompiler(network), kernel: kernel, objects: objects,
		wake: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// Signal tells that something may have changed.
func (e *Enforcer) Signal() {
	select {
	case e.wake <- struct{}{}:
	default:
		// A wake-up is pending already and will see this change too.
	}
}

// ApplyOnce compiles what is known now and brings it into the kernel.
func (e *Enforcer) ApplyOnce() error {
	objects, version, err := e.objects()
	if err != nil {
		return err
	}
	ruleset := e.compiler.Compile(objects)
	if err := e.kernel.Apply(ruleset); err != nil {
		return err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.applied, e.version = ruleset, version
	close(e.changed)
	e.changed = make(chan struct{})
	return nil
}

// Run follows the cluster until the context ends.
func (e *Enforcer) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
		case <-retry:
		case <-look.C:
			e.kernel.Look()
		}
		retry = nil
		if err := e.ApplyOnce(); err != nil {
			slog.Error("the packet filter did not take the policies", "error", err)
			retry = time.After(retryAfter)
		}
	}
}

// AwaitApplied returns when the change of that number is in the kernel, or with an error when the context ends before.
func (e *Enforcer) AwaitApplied(ctx context.Context, version int) error {
	return e.await(ctx, func() bool { return e.version >= version })
}

// AwaitKnown returns when the kernel has the policies of the pod that was attached with that number.
func (e *Enforcer) AwaitKnown(ctx context.Context, version int, address netip.Addr) error {
	err := e.await(ctx, func() bool {
		_, isKnown := e.applied.Sets["pods"].Elements[address.String()]
		return e.version >= version && isKnown
	})
	if err != nil {
		return fmt.Errorf("the pod or its policies did not come into the packet filter: %w", err)
	}
	return nil
}

func (e *Enforcer) await(ctx context.Context, isThere func() bool) error {
	for {
		e.mutex.Lock()
		done, changed := isThere(), e.changed
		e.mutex.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
