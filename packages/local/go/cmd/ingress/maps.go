// HAProxy's lookup maps: written as files before it starts, replaced over its runtime socket while it runs. A
// replacement is one atomic switch to a new version of a map, so no request ever sees half of a change and HAProxy is
// never reloaded.
package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// HAProxy takes one command into one buffer (16 KiB); a chunk of lines plus the command must fit.
const chunkBytes = 8 << 10

const socketDeadline = 5 * time.Second

type Maps struct {
	folder string
	socket string
	// A restart of HAProxy and a change of routes may meet.
	mutex   sync.Mutex
	current map[string]map[string]string
}

func NewMaps(folder string, socket string) *Maps {
	return &Maps{folder: folder, socket: socket, current: map[string]map[string]string{}}
}

func (table Table) byName() map[string]map[string]string {
	return map[string]map[string]string{
		"hosts": table.Hosts, "exact": table.Exact, "prefix": table.Prefix, "counts": table.Counts, "endpoints": table.Endpoints,
	}
}

// Endpoints come first and hosts last, so a new route never leads to a service whose endpoints are not known yet.
var applyOrder = []string{"endpoints", "counts", "exact", "prefix", "hosts"}

// WriteFiles is for the time before HAProxy starts: it begins with the routes that are wanted then.
func (m *Maps) WriteFiles(table Table) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for name, entries := range table.byName() {
		if err := os.WriteFile(m.path(name), []byte(strings.Join(lines(entries), "")), 0o600); err != nil {
			return fmt.Errorf("writing the map %s: %w", name, err)
		}
		m.current[name] = entries
	}
	return nil
}

// Apply brings the running HAProxy to the table and says whether anything changed. After an error some maps may be new
// and others old; the next Apply mends that.
func (m *Maps) Apply(table Table) (changed bool, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	wanted := table.byName()
	for _, name := range applyOrder {
		if maps.Equal(m.current[name], wanted[name]) {
			continue
		}
		delete(m.current, name)
		if err := m.replace(name, wanted[name]); err != nil {
			return changed, fmt.Errorf("replacing the map %s: %w", name, err)
		}
		m.current[name] = wanted[name]
		changed = true
	}
	return changed, nil
}

func (m *Maps) path(name string) string { return filepath.Join(m.folder, name+".map") }

var newVersion = regexp.MustCompile(`New version created: (\d+)`)

func (m *Maps) replace(name string, entries map[string]string) error {
	file := m.path(name)
	answer, err := m.command("prepare map " + file)
	if err != nil {
		return err
	}
	match := newVersion.FindStringSubmatch(answer)
	if match == nil {
		return fmt.Errorf("haproxy answered %q to prepare", answer)
	}
	var chunk strings.Builder
	flush := func() error {
		if chunk.Len() == 0 {
			return nil
		}
		err := m.mustBeSilent(fmt.Sprintf("add map @%s %s <<\n%s", match[1], file, chunk.String()))
		chunk.Reset()
		return err
	}
	for _, line := range lines(entries) {
		if chunk.Len()+len(line) > chunkBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		chunk.WriteString(line)
	}
	if err := flush(); err != nil {
		return err
	}
	return m.mustBeSilent(fmt.Sprintf("commit map @%s %s", match[1], file))
}

func lines(entries map[string]string) []string {
	result := make([]string, 0, len(entries))
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		result = append(result, key+" "+entries[key]+"\n")
	}
	return result
}

func (m *Maps) mustBeSilent(command string) error {
	answer, err := m.command(command)
	if err != nil {
		return err
	}
	if answer != "" {
		first, _, _ := strings.Cut(command, "\n")
		return fmt.Errorf("haproxy answered %q to %q", answer, first)
	}
	return nil
}

// command runs one command on a connection of its own. The line end that is added ends a plain command; after the lines
// of a payload it is the empty line that ends those.
func (m *Maps) command(command string) (string, error) {
	connection, err := net.DialTimeout("unix", m.socket, socketDeadline)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(socketDeadline)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(connection, command+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(connection)
	return strings.TrimSpace(string(answer)), err
}
