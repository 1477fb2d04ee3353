package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
)

func TestRangesHoldExactlyTheAddressesOfTheirBlocks(t *testing.T) {
	randomPrefix := func() netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(rand.IntN(256))}), 24+rand.IntN(9)).Masked()
	}
	for range 500 {
		blocks := []*networkingv1.IPBlock{}
		for range 1 + rand.IntN(3) {
			block := &networkingv1.IPBlock{CIDR: randomPrefix().String()}
			for range rand.IntN(4) {
				block.Except = append(block.Except, randomPrefix().String())
			}
			blocks = append(blocks, block)
		}
		ranges := rangesOf(blocks)
		for last := range 256 {
			address := netip.AddrFrom4([4]byte{10, 0, 0, byte(last)})
			if got, want := holds(ranges, address), isMeant(blocks, address); got != want {
				t.Fatalf("%s in %v of %v: got %v, want %v", address, ranges, blocks, got, want)
			}
		}
		for index := 1; index < len(ranges); index++ {
			if !ranges[index-1].last.Next().Less(ranges[index].first) {
				t.Fatalf("%v overlap or touch, which the kernel refuses", ranges)
			}
		}
	}
}

func holds(ranges []addressRange, address netip.Addr) bool {
	for _, one := range ranges {
		if one.first.Compare(address) <= 0 && address.Compare(one.last) <= 0 {
			return true
		}
	}
	return false
}

func isMeant(blocks []*networkingv1.IPBlock, address netip.Addr) bool {
	for _, block := range blocks {
		isIn := netip.MustParsePrefix(block.CIDR).Contains(address)
		for _, except := range block.Except {
			isIn = isIn && !netip.MustParsePrefix(except).Contains(address)
		}
		if isIn {
			return true
		}
	}
	return false
}

func TestTheWholeOfIPv4IsARange(t *testing.T) {
	got := fmt.Sprint(rangesOf([]*networkingv1.IPBlock{{CIDR: "0.0.0.0/0", Except: []string{"224.0.0.0/3"}}, {CIDR: "255.255.255.255/32"}}))
	if want := "[0.0.0.0-223.255.255.255 255.255.255.255-255.255.255.255]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAPodMoreIsOnlySomeElementsMore(t *testing.T) {
	objects := storesOf(t, 200, 4)
	compiler := NewCompiler(labNetwork)
	before := compiler.Compile(objects)
	objects.addPod("store-7", "more", len(objects.Pods), nil)
	change := compiler.Compile(objects).ChangeFrom(before, table)
	if lines := strings.Count(change, "\n"); lines > 5 || strings.Contains(change, "chain") || strings.Contains(change, "delete") {
		t.Errorf("the change has %d lines:\n%s", lines, change)
	}
}

func TestTheRulesOfAPodAreThereBeforeItIsAttached(t *testing.T) {
	objects := storesOf(t, 3, 2)
	attached := objects.Attachments
	objects.Attachments = nil
	compiler := NewCompiler(labNetwork)
	before := compiler.Compile(objects)
	objects.Attachments = attached
	changes, ok := compiler.Compile(objects).elementChanges(before)
	if !ok || len(changes) != len([]string{"pods", "themselves", "egress", "ingress"})+3 {
		t.Errorf("to attach them takes %v", changes)
	}
	for name, set := range before.Sets {
		if !set.Interval && len(set.Elements) > 0 {
			t.Errorf("the set %s has %v, and no pod has an address", name, set.Elements)
		}
	}
}

func TestWhatIsKeptOfANamespaceIsWhatWouldBeMadeAnew(t *testing.T) {
	objects := storesOf(t, 8, 4)
	compiler := NewCompiler(labNetwork)
	for step := range 300 {
		changeAtRandom(t, &objects, step)
		if change := NewCompiler(labNetwork).Compile(objects).ChangeFrom(compiler.Compile(objects), table); change != "" {
			t.Fatalf("step %d: a new compiler differs:\n%s", step, change)
		}
	}
}

// One change as a cluster makes them: objects are replaced, never changed in place.
func changeAtRandom(t *testing.T, objects *Objects, step int) {
	attachment, pod := rand.IntN(len(objects.Attachments)), rand.IntN(len(objects.Pods))
	rand.Shuffle(len(objects.Pods), reflect.Swapper(objects.Pods))
	rand.Shuffle(len(objects.Policies), reflect.Swapper(objects.Policies))
	switch rand.IntN(5) {
	case 0:
		objects.Attachments = slices.Delete(slices.Clone(objects.Attachments), attachment, attachment+1)
	case 1:
		objects.addPod(fmt.Sprintf("store-%d", rand.IntN(8)), fmt.Sprintf("more-%d", step), 1000+step, map[string]string{"web": fmt.Sprint(step%2 == 0)})
	case 2:
		other := objects.Pods[pod].DeepCopy()
		other.Labels = map[string]string{"web": fmt.Sprint(step%2 == 0)}
		objects.Pods[pod] = other
	case 3:
		objects.Pods = slices.Delete(slices.Clone(objects.Pods), pod, pod+1)
	case 4:
		index := rand.IntN(len(objects.Policies))
		other := objects.Policies[index].DeepCopy()
		ports := "{ports: [{port: web}, {port: %d}]}"
		fresh := parsePolicy(t, fmt.Sprintf("x\npodSelector: {}\ningress: ["+ports+"]", step), index)
		other.Spec = fresh.Spec
		objects.Policies[index] = other
	}
}

func TestNothingIsSentWhenNothingChanged(t *testing.T) {
	objects := storesOf(t, 3, 2)
	compiler := NewCompiler(labNetwork)
	if change := compiler.Compile(objects).ChangeFrom(compiler.Compile(objects), table); change != "" {
		t.Errorf("a change was found:\n%s", change)
	}
	if change := NewCompiler(labNetwork).Compile(objects).ChangeFrom(compiler.Compile(objects), table); change != "" {
		t.Errorf("two compilers differ:\n%s", change)
	}
}

func TestPortsThatOverlapBecomeOneRange(t *testing.T) {
	got := mergePorts([]portRange{{"UDP", 53, 53}, {"TCP", 90, 100}, {"TCP", 80, 89}, {"TCP", 95, 96}, {"TCP", 443, 443}, {"SCTP", 0, 65535}})
	if want := "[sctp . 0-65535 tcp . 80-100 tcp . 443 udp . 53]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestAttachmentsOutliveTheProcess(t *testing.T) {
	folder := t.TempDir()
	open := func() *Attachments {
		t.Helper()
		attachments, err := OpenAttachments(folder)
		if err != nil {
			t.Fatal(err)
		}
		return attachments
	}
	add := func(attachments *Attachments, container, address string) {
		t.Helper()
		if _, _, err := attachments.Add(Attachment{Container: container, Address: netip.MustParseAddr(address), Namespace: "x", Name: "a", UID: container}); err != nil {
			t.Fatal(err)
		}
	}
	first := open()
	add(first, "c1", "10.99.0.1")
	add(first, "c2", "10.99.0.2")
	add(first, "c3", "10.99.0.1")
	if _, _, err := first.Remove("c2"); err != nil {
		t.Fatal(err)
	}
	all, _ := open().All()
	if len(all) != 1 || all[0].Container != "c3" || all[0].Address.String() != "10.99.0.1" {
		t.Errorf("got %v; an address belongs to the last pod that got it", all)
	}
	for _, bad := range []string{"", "../c1", ".c1", "a/b"} {
		if _, _, err := first.Add(Attachment{Container: bad, Address: netip.MustParseAddr("10.99.0.9"), UID: "u"}); err == nil {
			t.Errorf("%q was taken for a container's id", bad)
		}
	}
}
