// Where the CNI plugin `attach-pod` tells which pod got which address, and waits until the pod's policies are in the kernel.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// How long a pod's start may wait for its policies. Then the CNI gives up and the kubelet tries again.
const knownWithin = 5 * time.Second

// One line of JSON each way. The plugin has these two types as well: it is a program of its own, because it starts with
// every pod and must not carry the Kubernetes libraries.
type request struct {
	// Verb is "attach" or "detach"; the latter needs the container alone.
	Verb       string     `json:"verb"`
	Attachment Attachment `json:"attachment"`
}

type answer struct {
	// Error is empty when it was done.
	Error string `json:"error"`
}

type Desk struct {
	attachments *Attachments
	enforcer    *Enforcer
	// forget makes the kernel forget the connections of addresses.
	forget func(isMeant func(netip.Addr) bool) error

	mutex sync.Mutex
	// Addresses whose last pod's connections could not be forgotten.
	unclean map[netip.Addr]bool
}

// Clean forgets the connections of every address that no pod has; from then on they go with their pods.
func (d *Desk) Clean(pods netip.Prefix) error {
	all, _ := d.attachments.All()
	taken := make(map[netip.Addr]bool, len(all))
	for _, attachment := range all {
		taken[attachment.Address] = true
	}
	d.unclean = map[netip.Addr]bool{}
	return d.forget(func(address netip.Addr) bool { return pods.Contains(address) && !taken[address] })
}

// Serve answers until the context ends.
func (d *Desk) Serve(ctx context.Context, socketFile string) error {
	if err := os.Remove(socketFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", socketFile)
	if err != nil {
		return err
	}
	if err := os.Chmod(socketFile, 0o600); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		connection, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go d.answer(ctx, connection)
	}
}

func (d *Desk) answer(ctx context.Context, connection net.Conn) {
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(2 * knownWithin))
	var asked request
	if err := json.NewDecoder(connection).Decode(&asked); err != nil {
		// Whoever only looks whether this program serves says nothing.
		return
	}
	started := time.Now()
	err := d.do(ctx, asked)
	told := answer{}
	level := slog.LevelInfo
	if err != nil {
		told.Error, level = err.Error(), slog.LevelError
	}
	slog.Log(ctx, level, asked.Verb, "pod", asked.Attachment.pod(), "address", asked.Attachment.Address,
		"milliseconds", float64(time.Since(started).Microseconds())/1000, "error", told.Error)
	_ = json.NewEncoder(connection).Encode(told)
}

func (d *Desk) do(ctx context.Context, asked request) error {
	ctx, cancel := context.WithTimeout(ctx, knownWithin)
	defer cancel()
	switch asked.Verb {
	case "attach":
		address := asked.Attachment.Address
		version, hasReplaced, err := d.attachments.Add(asked.Attachment)
		if err != nil {
			return err
		}
		d.enforcer.Signal()
		if hasReplaced || d.isUnclean(address) {
			if err := d.cleanOne(address); err != nil {
				return err
			}
		}
		return d.enforcer.AwaitKnown(ctx, version, address)
	case "detach":
		attachment, version, err := d.attachments.Remove(asked.Attachment.Container)
		if err != nil {
			return err
		}
		d.enforcer.Signal()
		// The address may go to another pod as soon as this is answered.
		if err := d.enforcer.AwaitApplied(ctx, version); err != nil || attachment.Container == "" {
			return err
		}
		return d.cleanOne(attachment.Address)
	default:
		return fmt.Errorf("%q is neither attach nor detach", asked.Verb)
	}
}

func (d *Desk) cleanOne(address netip.Addr) error {
	err := d.forget(func(other netip.Addr) bool { return other == address })
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err != nil {
		d.unclean[address] = true
		return fmt.Errorf("forgetting the connections of %s: %w", address, err)
	}
	delete(d.unclean, address)
	return nil
}

func (d *Desk) isUnclean(address netip.Addr) bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.unclean[address]
}
