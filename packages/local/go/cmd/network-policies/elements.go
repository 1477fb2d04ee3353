// Elements of sets, spoken to the kernel without `nft`: a pod that comes or goes is a handful of them, and starting a program for
// that would take longer than everything else. One transaction, as nft makes it: a batch of netlink messages that all apply or
// none.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// More changes than this are for nft, which also knows how to fit them into messages.
	mostElements = 500
	subsystem    = unix.NFNL_SUBSYS_NFTABLES << 8
	// An answer repeats the message that failed.
	answerBytes = 1 << 16
)

// Elements of one set that come, or that go.
type elementChange struct {
	set      string
	setType  string
	isAdded  bool
	elements []element
}

type element struct{ key, value string }

// elementChanges gives the way from the ruleset before to this one where only elements differ; where it takes more, or where
// elements are ranges, ok is false.
func (r Ruleset) elementChanges(before Ruleset) (changes []elementChange, ok bool) {
	if !haveSameKeys(r.Sets, before.Sets) || !haveSameKeys(r.Chains, before.Chains) {
		return nil, false
	}
	count := 0
	for _, name := range sortedKeys(r.Sets) {
		now, then := r.Sets[name], before.Sets[name]
		for _, change := range []elementChange{
			{name, now.Type, false, missingFrom(then, now)}, {name, now.Type, true, missingFrom(now, then)},
		} {
			if len(change.elements) == 0 {
				continue
			}
			changes = append(changes, change)
			if count += len(change.elements); now.Interval || count > mostElements {
				return nil, false
			}
		}
	}
	return changes, true
}

func haveSameKeys[V any](one, other map[string]V) bool {
	if len(one) != len(other) {
		return false
	}
	for key := range one {
		if _, isThere := other[key]; !isThere {
			return false
		}
	}
	return true
}

// applyElements makes the changes in the packet filter of the calling thread's network, all of them or none.
func applyElements(tableName string, changes []elementChange) error {
	batch := message(unix.NFNL_MSG_BATCH_BEGIN, 0, 0, unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES)
	for index, change := range changes {
		attributes, err := change.attributes(tableName)
		if err != nil {
			return err
		}
		kind, flags := unix.NFT_MSG_DELSETELEM, unix.NLM_F_ACK
		if change.isAdded {
			kind, flags = unix.NFT_MSG_NEWSETELEM, unix.NLM_F_ACK|unix.NLM_F_CREATE
		}
		batch = append(batch, message(subsystem|kind, flags, index+1, unix.NFPROTO_INET, 0, attributes...)...)
	}
	batch = append(batch, message(unix.NFNL_MSG_BATCH_END, 0, 0, unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES)...)
	return sendBatch(batch, len(changes))
}

// Sends a batch of which `count` messages ask for an answer. The kernel has done its work, and answered, before sending returns.
func sendBatch(batch []byte, count int) error {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(socket)
	if err := unix.Sendto(socket, batch, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	answer := make([]byte, answerBytes)
	for answered := 0; answered < count; {
		length, _, err := unix.Recvfrom(socket, answer, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("the kernel answered %d of %d messages: %w", answered, count, err)
		}
		for rest := answer[:length]; len(rest) >= unix.SizeofNlMsghdr+4; answered++ {
			size := int(binary.NativeEndian.Uint32(rest))
			kind := binary.NativeEndian.Uint16(rest[4:])
			if kind != unix.NLMSG_ERROR {
				return fmt.Errorf("the kernel answered with a message of type %d", kind)
			}
			if code := int32(binary.NativeEndian.Uint32(rest[unix.SizeofNlMsghdr:])); code != 0 {
				return fmt.Errorf("the kernel refused elements: %w", unix.Errno(-code))
			}
			rest = rest[min(len(rest), (size+3)&^3):]
		}
	}
	return nil
}

// A netlink message with the header of netfilter's.
func message(kind, flags, sequence int, family byte, resource uint16, attributes ...*nl.RtAttr) []byte {
	body := []byte{family, 0}
	body = binary.BigEndian.AppendUint16(body, resource)
	for _, attribute := range attributes {
		body = append(body, attribute.Serialize()...)
	}
	out := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	out = binary.NativeEndian.AppendUint16(out, uint16(kind))
	out = binary.NativeEndian.AppendUint16(out, uint16(flags|unix.NLM_F_REQUEST))
	out = binary.NativeEndian.AppendUint32(out, uint32(sequence))
	return append(binary.NativeEndian.AppendUint32(out, 0), body...)
}

func (c elementChange) attributes(tableName string) ([]*nl.RtAttr, error) {
	keyTypes, _, _ := strings.Cut(c.setType, " : ")
	list := nested(unix.NFTA_SET_ELEM_LIST_ELEMENTS)
	for _, one := range c.elements {
		key, err := encodeKey(keyTypes, one.key)
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", c.set, err)
		}
		item := list.AddRtAttr(unix.NFTA_LIST_ELEM|unix.NLA_F_NESTED, nil)
		item.AddRtAttr(unix.NFTA_SET_ELEM_KEY|unix.NLA_F_NESTED, nil).AddRtAttr(unix.NFTA_DATA_VALUE, key)
		if one.value == "" || !c.isAdded {
			continue
		}
		chain, isGoto := strings.CutPrefix(one.value, "goto ")
		if !isGoto {
			return nil, fmt.Errorf("set %s: %q is no verdict that is known", c.set, one.value)
		}
		verdict := item.AddRtAttr(unix.NFTA_SET_ELEM_DATA|unix.NLA_F_NESTED, nil).AddRtAttr(unix.NFTA_DATA_VERDICT|unix.NLA_F_NESTED, nil)
		code := int32(unix.NFT_GOTO)
		verdict.AddRtAttr(unix.NFTA_VERDICT_CODE, binary.BigEndian.AppendUint32(nil, uint32(code)))
		verdict.AddRtAttr(unix.NFTA_VERDICT_CHAIN, nl.ZeroTerminated(chain))
	}
	return []*nl.RtAttr{
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_TABLE, nl.ZeroTerminated(tableName)),
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_SET, nl.ZeroTerminated(c.set)),
		list,
	}, nil
}

func nested(kind int) *nl.RtAttr { return nl.NewRtAttr(kind|unix.NLA_F_NESTED, nil) }

var protocolNumbers = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP}

// A key as the kernel compares it: each part in network order, filled up to four bytes.
func encodeKey(keyTypes, key string) ([]byte, error) {
	kinds, parts := strings.Split(keyTypes, " . "), strings.Split(key, " . ")
	if len(kinds) != len(parts) {
		return nil, fmt.Errorf("%q is no %s", key, keyTypes)
	}
	encoded := []byte{}
	for index, part := range parts {
		var bytes []byte
		switch kinds[index] {
		case "ipv4_addr":
			if address, err := netip.ParseAddr(part); err == nil && address.Is4() {
				bytes = address.AsSlice()
			}
		case "inet_proto":
			if number, isKnown := protocolNumbers[part]; isKnown {
				bytes = []byte{number}
			}
		case "inet_service":
			if port, err := strconv.ParseUint(part, 10, 16); err == nil {
				bytes = binary.BigEndian.AppendUint16(nil, uint16(port))
			}
		}
		if bytes == nil {
			return nil, fmt.Errorf("%q is no %s", part, kinds[index])
		}
		encoded = slices.Concat(encoded, bytes, make([]byte, -len(bytes)&3))
	}
	return encoded, nil
}
