// The HAProxy process: its configuration, written once, and its life. It is started after the maps are written and never
// reloaded; when it dies it is started again at once, with the routes of that moment.
package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
	"time"
)

//go:embed haproxy.cfg missing.html starting.html failing.html
var assets embed.FS

var configuration = template.Must(template.ParseFS(assets, "haproxy.cfg"))

type ProxySettings struct {
	// Folder holds maps, pages, socket and configuration; it is the only one written to.
	Folder         string
	Listen         string
	TrustedProxies string
	MaxConnections int
	AnyHost        string
	// A proxy that lives shorter than this after its start has a reason that another start does not mend.
	ShortestLife time.Duration
}

func (settings ProxySettings) socket() string { return filepath.Join(settings.Folder, "haproxy.sock") }

func (settings ProxySettings) configFile() string {
	return filepath.Join(settings.Folder, "haproxy.cfg")
}

// WriteProxyFiles lays out everything HAProxy reads but the maps.
func WriteProxyFiles(settings ProxySettings) error {
	var config bytes.Buffer
	if err := configuration.Execute(&config, settings); err != nil {
		return fmt.Errorf("filling in haproxy.cfg: %w", err)
	}
	if err := os.WriteFile(settings.configFile(), config.Bytes(), 0o600); err != nil {
		return err
	}
	for _, page := range []string{"missing.html", "starting.html", "failing.html"} {
		content, err := assets.ReadFile(page)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(settings.Folder, page), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// StartProxy returns once HAProxy answers on its socket. The channel tells its end.
func StartProxy(ctx context.Context, settings ProxySettings, maps *Maps) (ended <-chan error, err error) {
	command := exec.Command("haproxy", "-db", "-f", settings.configFile())
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting haproxy: %w", err)
	}
	exit := make(chan error, 1)
	go func() { exit <- command.Wait() }()
	// The soft stop: no new connections, requests under way are finished. Signalling a process that is gone does nothing.
	context.AfterFunc(ctx, func() { _ = command.Process.Signal(syscall.SIGUSR1) })
	deadline := time.After(10 * time.Second)
	for {
		if _, err := maps.command("show version"); err == nil {
			return exit, nil
		}
		select {
		case err := <-exit:
			return nil, fmt.Errorf("haproxy ended at once: %w", err)
		case <-deadline:
			return nil, fmt.Errorf("haproxy does not answer on %s", settings.socket())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// KeepProxy serves until the context ends, then lets requests under way finish. It gives up, for the kubelet to start
// all of it anew, when HAProxy does not stay up.
func KeepProxy(ctx context.Context, settings ProxySettings, maps *Maps, table func() (Table, error), drain time.Duration, onStart func()) error {
	for {
		current, err := table()
		if err != nil {
			return err
		}
		if err := maps.WriteFiles(current); err != nil {
			return err
		}
		started := time.Now()
		ended, err := StartProxy(ctx, settings, maps)
		if err != nil {
			return err
		}
		slog.Info("serving", "listen", settings.Listen, "hosts", len(current.Hosts))
		onStart()
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			if time.Since(started) < settings.ShortestLife {
				return fmt.Errorf("haproxy ended right after its start: %w", err)
			}
			slog.Warn("haproxy ended and is started again", "reason", fmt.Sprint(err))
		case <-ctx.Done():
			select {
			case <-ended:
			case <-time.After(drain):
			}
			return nil
		}
	}
}
