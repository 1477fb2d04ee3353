// Which pod has which address, as the CNI says it: known before the pod's first process runs, and long before it stands in the
// pod's status. Kept in one file each, so that a new process of this program knows what the one before was told.
package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

type Attachments struct {
	folder      string
	mutex       sync.Mutex
	byContainer map[string]Attachment
	version     int
}

// OpenAttachments reads what is in the folder, which is made where it is missing.
func OpenAttachments(folder string) (*Attachments, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	a := &Attachments{folder: folder, byContainer: map[string]Attachment{}}
	for _, entry := range entries {
		var attachment Attachment
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err == nil {
			err = json.Unmarshal(content, &attachment)
		}
		if err != nil || attachment.Container != entry.Name() {
			// Half a file: the pod it was for was never told that it is attached.
			slog.Warn("an attachment that cannot be read is left out", "file", entry.Name(), "error", err)
			continue
		}
		a.byContainer[attachment.Container] = attachment
	}
	return a, nil
}

// All gives every attachment and the number of the last change among them.
func (a *Attachments) All() ([]Attachment, int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	all := make([]Attachment, 0, len(a.byContainer))
	for _, attachment := range a.byContainer {
		all = append(all, attachment)
	}
	return all, a.version
}

var containerID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Add records a pod's address and gives the number of the change, and whether another pod had the address until now.
func (a *Attachments) Add(attachment Attachment) (version int, hasReplaced bool, err error) {
	if !containerID.MatchString(attachment.Container) || !attachment.Address.Is4() || attachment.UID == "" {
		return 0, false, fmt.Errorf("an attachment needs a container id, an IPv4 address and the pod's uid")
	}
	content, err := json.Marshal(attachment)
	if err != nil {
		return 0, false, err
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for container, other := range a.byContainer {
		if other.Address == attachment.Address && container != attachment.Container {
			slog.Warn("an address is given anew before its last pod was detached", "address", other.Address, "pod", other.Namespace+"/"+other.Name)
			hasReplaced = true
			if err := a.remove(container); err != nil {
				return 0, false, err
			}
		}
	}
	file := filepath.Join(a.folder, attachment.Container)
	half := filepath.Join(a.folder, "."+attachment.Container)
	if err := os.WriteFile(half, content, 0o600); err != nil {
		return 0, false, err
	}
	if err := os.Rename(half, file); err != nil {
		return 0, false, err
	}
	a.byContainer[attachment.Container] = attachment
	a.version++
	return a.version, hasReplaced, nil
}

// Remove forgets a container's attachment and gives what it was and the number of the change; one that is not there is removed
// already.
func (a *Attachments) Remove(container string) (Attachment, int, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	attachment, isThere := a.byContainer[container]
	if isThere {
		if err := a.remove(container); err != nil {
			return attachment, 0, err
		}
	}
	return attachment, a.version, nil
}

func (a *Attachments) remove(container string) error {
	if err := os.Remove(filepath.Join(a.folder, container)); err != nil && !os.IsNotExist(err) {
		return err
	}
	delete(a.byContainer, container)
	a.version++
	return nil
}

func (a Attachment) pod() string { return strings.Join([]string{a.Namespace, a.Name}, "/") }
