package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hibana-stream/hibana/actors/console"
)

// findSocket is the socket to attach to: the one named by --socket or by the configuration, else the only one somebody listens on.
func (m *Main) findSocket(ctx context.Context, f *replFlags) (string, error) {
	if f.socket != "" {
		return f.socket, nil
	}
	config, _, err := LoadConfig(LoadOptions{File: f.configFile(), Overrides: f.overrides, Env: m.Env})
	if err != nil {
		return "", fmt.Errorf("%w\n(repl --socket PATH needs no configuration)", err)
	}
	switch {
	case config.Console.Socket != "":
		return config.Console.Socket, nil
	case config.Instance != "":
		return console.SocketPath(config.group(), config.Instance), nil
	}
	return onlySocket(ctx)
}

// onlySocket looks for living processes. Sockets of dead ones stay: only who takes their name may remove them.
func onlySocket(ctx context.Context) (string, error) {
	var living []string
	for _, path := range console.Sockets() {
		client, err := console.Dial(ctx, path)
		if err == nil {
			_ = client.Close()
		}
		if err == nil || errors.Is(err, syscall.EAGAIN) { // EAGAIN: it lives, and is busy
			living = append(living, path)
		}
	}
	switch len(living) {
	case 0:
		return "", &unreachableError{fmt.Sprintf("no running hibana found in %s; start one with hibana, or name its socket with --socket PATH",
			filepath.Join(console.Folder(), "*.sock"))}
	case 1:
		return living[0], nil
	}
	return "", &UsageError{fmt.Errorf("%d hibanas are running; choose one:\n  hibana repl --socket %s",
		len(living), strings.Join(living, "\n  hibana repl --socket "))}
}
