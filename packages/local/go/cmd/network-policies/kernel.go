// The node's packet filter, spoken to through `nft`. What is there stays when this program ends.
package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const table = "inet network-policies"

type Kernel struct {
	// command is what takes a transaction on its standard input.
	command []string
	// held is what the table holds; nil while that is not known.
	held *Ruleset
}

func NewKernel() *Kernel { return &Kernel{command: []string{"nft", "-f", "-"}} }

// Apply makes the table hold the ruleset, in one transaction: packets see all of it or nothing.
func (k *Kernel) Apply(wanted Ruleset) error {
	transaction := ""
	if k.held == nil {
		transaction = wanted.Replace(table)
	} else {
		transaction = wanted.ChangeFrom(*k.held, table)
	}
	if transaction == "" {
		return nil
	}
	// Whatever goes wrong, the next attempt starts from nothing that it would have to believe.
	k.held = nil
	command := exec.Command(k.command[0], k.command[1:]...)
	command.Stdin = strings.NewReader(transaction)
	var problems bytes.Buffer
	command.Stderr = &problems
	if err := command.Run(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, firstLines(problems.String()))
	}
	k.held = &wanted
	return nil
}

// Look makes the next Apply write everything anew when somebody has taken the table away.
func (k *Kernel) Look() {
	if err := exec.Command("nft", append([]string{"list", "chain"}, strings.Fields(table+" origin")...)...).Run(); err != nil {
		slog.Warn("the table of network policies is gone and is written anew", "error", err)
		k.held = nil
	}
}

// forgetConnections makes the kernel forget every connection from or to the address: replies on what an earlier pod of this
// address had open are no replies to the new one.
func forgetConnections(address netip.Addr) error {
	filters := []netlink.CustomConntrackFilter{}
	for _, part := range []netlink.ConntrackFilterType{
		netlink.ConntrackOrigSrcIP, netlink.ConntrackOrigDstIP, netlink.ConntrackReplySrcIP, netlink.ConntrackReplyDstIP,
	} {
		filter := &netlink.ConntrackFilter{}
		if err := filter.AddIP(part, address.AsSlice()); err != nil {
			return err
		}
		filters = append(filters, filter)
	}
	_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, filters...)
	return err
}

func firstLines(text string) string {
	const most = 2000
	text = strings.TrimSpace(text)
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
