// Blocks of addresses, as policies name them: a range of addresses less some ranges inside.
package main

import (
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

type addressRange struct{ first, last netip.Addr }

func (r addressRange) String() string { return r.first.String() + "-" + r.last.String() }

// Gives the IPv4 addresses of all blocks together as ranges that neither overlap nor touch, lowest first.
func rangesOf(blocks []*networkingv1.IPBlock) []addressRange {
	all := []addressRange{}
	for _, block := range blocks {
		whole, isIPv4 := rangeOf(block.CIDR)
		if !isIPv4 {
			continue
		}
		left := []addressRange{whole}
		for _, except := range block.Except {
			if hole, isIPv4 := rangeOf(except); isIPv4 {
				left = subtract(left, hole)
			}
		}
		all = append(all, left...)
	}
	return merge(all)
}

// The pods' network has no IPv6; blocks of it hold none of our addresses.
func rangeOf(cidr string) (addressRange, bool) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil || !prefix.Addr().Is4() {
		return addressRange{}, false
	}
	first := prefix.Masked().Addr()
	bytes := first.As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	return addressRange{first, netip.AddrFrom4(bytes)}, true
}

func subtract(ranges []addressRange, hole addressRange) []addressRange {
	left := []addressRange{}
	for _, one := range ranges {
		if hole.last.Less(one.first) || one.last.Less(hole.first) {
			left = append(left, one)
			continue
		}
		if one.first.Less(hole.first) {
			left = append(left, addressRange{one.first, hole.first.Prev()})
		}
		if hole.last.Less(one.last) {
			left = append(left, addressRange{hole.last.Next(), one.last})
		}
	}
	return left
}

func merge(ranges []addressRange) []addressRange {
	slices.SortFunc(ranges, func(a, b addressRange) int { return a.first.Compare(b.first) })
	merged := []addressRange{}
	for _, one := range ranges {
		if count := len(merged); count > 0 {
			last := &merged[count-1]
			// The last address of all has no next one; nothing can follow it.
			if next := last.last.Next(); !next.Is4() || one.first.Compare(next) <= 0 {
				if last.last.Less(one.last) {
					last.last = one.last
				}
				continue
			}
		}
		merged = append(merged, one)
	}
	return merged
}
