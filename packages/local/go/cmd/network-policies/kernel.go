// The node's packet filter, spoken to through `nft`, and directly where only elements of sets change. What is there stays when this
// program ends.
package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	tableName = "network-policies"
	table     = "inet " + tableName
)

type Kernel struct {
	// command is what takes a transaction on its standard input.
	command []string
	// held is what the table holds; nil while that is not known.
	held *Ruleset
}

func NewKernel() *Kernel { return &Kernel{command: []string{"nft", "-f", "-"}} }

// Apply makes the table hold the ruleset, in one transaction: packets see all of it or nothing.
func (k *Kernel) Apply(wanted Ruleset) error {
	held := k.held
	// Whatever goes wrong, the next attempt starts from nothing that it would have to believe.
	k.held = nil
	if err := k.change(held, wanted); err != nil {
		return err
	}
	k.held = &wanted
	return nil
}

func (k *Kernel) change(held *Ruleset, wanted Ruleset) error {
	if held == nil {
		return k.run(wanted.Replace(table))
	}
	if changes, ok := wanted.elementChanges(*held); !ok {
		return k.run(wanted.ChangeFrom(*held, table))
	} else if len(changes) > 0 {
		return applyElements(tableName, changes)
	}
	return nil
}

func (k *Kernel) run(transaction string) error {
	command := exec.Command(k.command[0], k.command[1:]...)
	command.Stdin = strings.NewReader(transaction)
	var problems bytes.Buffer
	command.Stderr = &problems
	if err := command.Run(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, firstLines(problems.String()))
	}
	return nil
}

// Look makes the next Apply write everything anew when somebody has taken the table away.
func (k *Kernel) Look() {
	if err := exec.Command("nft", append([]string{"list", "chain"}, strings.Fields(table+" origin")...)...).Run(); err != nil {
		slog.Warn("the table of network policies is gone and is written anew", "error", err)
		k.held = nil
	}
}

// forgetConnections makes the kernel forget every connection from or to the addresses that are meant: replies on what an earlier
// pod had open are no replies to the next one of its address. It reads the table of all connections, which takes about 12 ms
// of processor time however few there are, so no pod's start waits for it.
func forgetConnections(isMeant func(netip.Addr) bool) error {
	_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, ofAddress(isMeant))
	return err
}

type ofAddress func(netip.Addr) bool

func (isMeant ofAddress) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	for _, ip := range []net.IP{flow.Forward.SrcIP, flow.Forward.DstIP, flow.Reverse.SrcIP, flow.Reverse.DstIP} {
		if address, ok := netip.AddrFromSlice(ip); ok && isMeant(address.Unmap()) {
			return true
		}
	}
	return false
}

func firstLines(text string) string {
	const most = 2000
	text = strings.TrimSpace(text)
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
