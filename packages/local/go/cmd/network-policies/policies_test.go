// What a NetworkPolicy promises, tried with real packets. The cases follow those of Kubernetes' own tests of network policies.
package main

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const denyAll = "\npodSelector: {}\npolicyTypes: [Ingress, Egress]"

func TestPoliciesAllowAndDenyAsWritten(t *testing.T) {
	l := newLab(t)
	cases := []struct {
		name     string
		policies []string
		allowed  func(flow) bool
	}{
		{"without a policy everything passes", nil, func(flow) bool { return true }},
		{"default deny of ingress", []string{"x\npodSelector: {}\npolicyTypes: [Ingress]"},
			func(f flow) bool { return f.toNamespace() != "x" }},
		{"default deny of egress", []string{"x\npodSelector: {}\npolicyTypes: [Egress]"},
			func(f flow) bool { return f.fromNamespace() != "x" }},
		{"default deny both ways", []string{"x" + denyAll},
			func(f flow) bool { return f.fromNamespace() != "x" && f.toNamespace() != "x" }},
		{"policy types follow from what is written: ingress alone", []string{"x\npodSelector: {}"},
			func(f flow) bool { return f.toNamespace() != "x" }},
		{"policy types follow from what is written: egress rules add egress, and ingress is denied", []string{"x\npodSelector: {}\negress: [{to: [{podSelector: {}}]}]"},
			func(f flow) bool {
				return f.toNamespace() != "x" && (f.fromNamespace() != "x" || f.toNamespace() == "x")
			}},
		{"policy types without ingress leave ingress alone", []string{"x\npodSelector: {}\npolicyTypes: [Egress]\ningress: [{from: [{podSelector: {matchLabels: {pod: none}}}]}]"},
			func(f flow) bool { return f.fromNamespace() != "x" }},
		{"only the pods that the policy selects are isolated", []string{"x\npodSelector: {matchLabels: {pod: a}}\npolicyTypes: [Ingress]"},
			func(f flow) bool { return f.to != "x/a" }},
		{"matchExpressions select pods", []string{"x\npodSelector: {matchExpressions: [{key: pod, operator: NotIn, values: [b]}]}\npolicyTypes: [Ingress]"},
			func(f flow) bool { return f.to != "x/a" }},
		{"an empty rule allows everything", []string{"x\npodSelector: {}\ningress: [{}]\negress: [{}]\npolicyTypes: [Ingress, Egress]"},
			func(flow) bool { return true }},
		{"ingress from pods of the own namespace by label", []string{"x\npodSelector: {}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.from == "x/b" }},
		{"ingress from namespaces by label", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: 'y'}}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.fromNamespace() == "y" }},
		{"ingress from all namespaces", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {}}]}]"},
			func(flow) bool { return true }},
		{"ingress from namespaces by expression", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchExpressions: [{key: ns, operator: NotIn, values: [x, 'y']}, {key: ns, operator: Exists}]}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.fromNamespace() == "z" }},
		{"a namespace and a pod selector in one peer mean both", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: 'y'}}, podSelector: {matchLabels: {pod: b}}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.from == "y/b" }},
		{"two peers mean either", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: z}}}, {podSelector: {matchLabels: {pod: b}}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.fromNamespace() == "z" || f.from == "x/b" }},
		{"a label that must not be there", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {}, podSelector: {matchExpressions: [{key: pod, operator: DoesNotExist}]}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" }},
		{"a port by number", []string{"x\npodSelector: {}\ningress: [{ports: [{port: 81}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.port == "tcp/81" }},
		{"a port by number and protocol", []string{"x\npodSelector: {}\ningress: [{ports: [{port: 80, protocol: UDP}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.port == "udp/80" }},
		{"a protocol without a port", []string{"x\npodSelector: {}\ningress: [{ports: [{protocol: TCP}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || strings.HasPrefix(f.port, "tcp/") }},
		{"a range of ports", []string{"x\npodSelector: {}\ningress: [{ports: [{port: 81, endPort: 90}, {port: 85, endPort: 100}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.port == "tcp/81" }},
		{"a port by name", []string{"x\npodSelector: {}\ningress: [{ports: [{port: other}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.port == "tcp/81" }},
		{"a name means the port of its protocol alone", []string{"x\npodSelector: {}\ningress: [{ports: [{port: web, protocol: UDP}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || f.port == "udp/80" }},
		{"egress to a port by name", []string{"x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {ns: 'y'}}}], ports: [{port: other}]}]"},
			func(f flow) bool {
				return f.fromNamespace() != "x" || (f.toNamespace() == "y" && f.port == "tcp/81")
			}},
		{"peers and ports mean both", []string{"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: 'y'}}}], ports: [{port: 80}, {port: other}]}]"},
			func(f flow) bool {
				return f.toNamespace() != "x" || (f.fromNamespace() == "y" && strings.HasPrefix(f.port, "tcp/"))
			}},
		{"policies add up", []string{
			"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: 'y'}}}], ports: [{port: 80}]}]",
			"x\npodSelector: {matchLabels: {pod: a}}\ningress: [{ports: [{port: 81}]}]",
			"x\npodSelector: {}\npolicyTypes: [Ingress]",
		}, func(f flow) bool {
			return f.toNamespace() != "x" || (f.fromNamespace() == "y" && f.port == "tcp/80") || (f.to == "x/a" && f.port == "tcp/81")
		}},
		{"both ends must allow", []string{
			"x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {ns: 'y'}}}]}]",
			"y\npodSelector: {matchLabels: {pod: b}}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: z}}}]}]",
		}, func(f flow) bool {
			if f.fromNamespace() == "x" && f.toNamespace() != "y" {
				return false
			}
			return f.to != "y/b" || f.fromNamespace() == "z"
		}},
		{"allowed ingress does not allow the peer's egress", []string{
			"x\npodSelector: {}\ningress: [{from: [{namespaceSelector: {}}]}]",
			"y\npodSelector: {}\npolicyTypes: [Egress]",
		}, func(f flow) bool { return f.fromNamespace() != "y" }},
		{"a block holds pods too, less its exceptions", []string{"x\npodSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.99.0.0/24, except: [10.99.0.13/32, 10.99.0.14/31]}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || (f.from != "y/b" && f.from != "z/a") }},
		{"an exception of one block is no exception of another", []string{"x\npodSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.99.0.0/24, except: [10.99.0.12/30]}}, {ipBlock: {cidr: 10.99.0.13/32}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" || (f.from != "y/a" && f.from != "z/a") }},
		{"a block of IPv6 holds nobody here", []string{"x\npodSelector: {}\ningress: [{from: [{ipBlock: {cidr: \"::/0\"}}]}]"},
			func(f flow) bool { return f.toNamespace() != "x" }},
		{"egress to a block", []string{"x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 10.99.0.12/31}}]}]"},
			func(f flow) bool { return f.fromNamespace() != "x" || f.toNamespace() == "y" }},
		{"a store's namespace: itself and nobody else", []string{
			"x" + denyAll,
			"x\npodSelector: {}\npolicyTypes: [Ingress, Egress]\ningress: [{from: [{podSelector: {}}]}]\negress: [{to: [{podSelector: {}}]}]",
		}, func(f flow) bool {
			return f.fromNamespace() == f.toNamespace() || (f.fromNamespace() != "x" && f.toNamespace() != "x")
		}},
	}
	// Each case comes over the one before, by a change of what is in the kernel.
	for _, one := range cases {
		t.Run(one.name, func(t *testing.T) {
			whole := l.T
			l.T = t
			defer func() { l.T = whole }()
			l.with(one.policies...)
			l.expect(one.allowed)
		})
	}
}

func TestChangesOfLabelsAndPoliciesApplyAtOnce(t *testing.T) {
	l := newLab(t)
	onlyFriends := "x\npodSelector: {matchLabels: {pod: a}}\ningress: [{from: [{namespaceSelector: {matchLabels: {friend: 'yes'}}}, {podSelector: {matchLabels: {pod: friend}}}]}]"
	l.with(onlyFriends)
	address := l.pods["x/a"].address + ":80"
	l.expectOne("x/b", "tcp", address, false)
	l.expectOne("y/a", "tcp", address, false)

	l.relabel("x/b", "friend")
	l.apply()
	l.expectOne("x/b", "tcp", address, true)
	l.relabel("x/b", "b")
	l.apply()
	l.expectOne("x/b", "tcp", address, false)

	l.change(func(objects *Objects) {
		namespace := objects.Namespaces[1].DeepCopy()
		namespace.Labels["friend"] = "yes"
		objects.Namespaces[1] = namespace
	})
	l.apply()
	l.expectOne("y/a", "tcp", address, true)

	l.relabel("x/a", "stranger")
	l.apply()
	l.expectOne("x/b", "tcp", address, true)
	l.relabel("x/a", "a")
	l.with("x\npodSelector: {matchLabels: {pod: a}}\npolicyTypes: [Ingress]")
	l.expectOne("y/a", "tcp", address, false)
	l.with()
	l.expectOne("y/a", "tcp", address, true)
}

func (l *lab) relabel(name, value string) {
	l.change(func(objects *Objects) {
		for index, pod := range objects.Pods {
			if pod.UID == l.pods[name].object.UID {
				objects.Pods[index] = pod.DeepCopy()
				objects.Pods[index].Labels["pod"] = value
			}
		}
	})
}

func TestBlocksOutsideOfTheCluster(t *testing.T) {
	l := newLab(t)
	l.with("x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10]}}]}]")
	l.expectOne("x/a", "tcp", labFarAway+":80", true)
	l.expectOne("x/a", "udp", labFarAway+":80", true)
	l.expectOne("x/a", "tcp", labOutside+":80", false)
	l.expectOne("x/a", "tcp", labNode+":80", false)
	l.expectOne("x/a", "tcp", labGateway+":80", false)
	l.expectOne("x/a", "tcp", l.pods["x/b"].address+":80", false)
	l.expectOne("y/a", "tcp", labOutside+":80", true)

	l.with("x\npodSelector: {}\ningress: [{from: [{ipBlock: {cidr: 100.127.255.0/30, except: [100.127.255.3/32]}}]}]")
	into := func(want bool) {
		t.Helper()
		l.try([]attempt{{from: "outside", ns: l.outside, protocol: "tcp", address: l.pods["x/a"].address + ":80", want: want}})
	}
	into(true)
	l.with("x\npodSelector: {}\ningress: [{from: [{ipBlock: {cidr: 100.127.255.0/30, except: [100.127.255.1/32]}}]}]")
	into(false)
}

func TestNoEgressButNames(t *testing.T) {
	l := newLab(t)
	l.with("x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {ns: z}}, podSelector: {matchLabels: {pod: a}}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]")
	l.expectOne("x/a", "udp", l.pods["z/a"].address+":53", true)
	l.expectOne("x/a", "tcp", l.pods["z/a"].address+":53", true)
	l.expectOne("x/a", "tcp", l.pods["z/a"].address+":80", false)
	l.expectOne("x/a", "udp", l.pods["y/a"].address+":53", false)
}

// Kubernetes' Services change a packet's destination before it is looked at: policies speak of pods and their ports.
func TestServicesAreSeenAsThePodsBehindThem(t *testing.T) {
	l := newLab(t)
	l.nft(`table ip services {
  chain prerouting { type nat hook prerouting priority dstnat;
    ip daddr 10.98.0.10 tcp dport 8080 dnat to ` + l.pods["y/a"].address + `:80
    ip daddr 10.98.0.1 tcp dport 443 dnat to ` + labNode + `:6443
    ip daddr 10.98.0.11 tcp dport 80 dnat to ` + l.pods["x/a"].address + `:80
  }
  chain postrouting { type nat hook postrouting priority srcnat;
    ip saddr ` + l.pods["x/a"].address + ` ip daddr ` + l.pods["x/a"].address + ` masquerade
  }
}`)
	l.expectOne("x/a", "tcp", "10.98.0.10:8080", true)
	l.expectOne("x/a", "tcp", "10.98.0.1:443", true)
	l.with("x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {ns: 'y'}}}], ports: [{port: 80}]}]")
	l.expectOne("x/a", "tcp", "10.98.0.10:8080", true)
	l.expectOne("x/a", "tcp", "10.98.0.1:443", false)
	l.with("x"+denyAll, "y\npodSelector: {}\ningress: [{from: [{podSelector: {}}]}]")
	l.expectOne("x/a", "tcp", "10.98.0.10:8080", false)
	l.expectOne("z/a", "tcp", "10.98.0.10:8080", false)
	l.expectOne("y/b", "tcp", "10.98.0.10:8080", true)
	// Through its own Service a pod reaches itself, whatever its policies say.
	l.expectOne("x/a", "tcp", "10.98.0.11:80", true)
	l.expectOne("x/b", "tcp", "10.98.0.11:80", false)
}

func TestTheNodeReachesItsPodsAndPodsReachTheNodeByPolicyAlone(t *testing.T) {
	l := newLab(t)
	l.expectOne("x/a", "tcp", labNode+":6443", true)
	l.with("x" + denyAll)
	for _, protocol := range []string{"tcp", "udp"} {
		l.try([]attempt{{from: "node", ns: l.node, protocol: protocol, address: l.pods["x/a"].address + ":80", want: true}})
		for _, address := range []string{labNode + ":6443", labGateway + ":6443", labNode + ":80"} {
			l.expectOne("x/a", protocol, address, false)
		}
	}
	l.expectOne("y/a", "tcp", labNode+":6443", true)
	l.with("x"+denyAll, "x\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: "+labNode+"/32}}], ports: [{port: 6443}]}]")
	l.expectOne("x/a", "tcp", labNode+":6443", true)
	l.expectOne("x/a", "tcp", labNode+":80", false)
}

// A pod that is not known has no policies, and no policies would mean that everything is allowed.
func TestNothingPassesFromOrToAPodThatIsNotKnown(t *testing.T) {
	l := newLab(t)
	late := l.startPod("x/late", "10.99.0.100")
	l.apply()
	nothing := func() {
		t.Helper()
		l.expectOne("x/late", "tcp", l.pods["y/a"].address+":80", false)
		l.expectOne("x/late", "tcp", labFarAway+":80", false)
		l.expectOne("x/late", "tcp", labNode+":6443", false)
		l.expectOne("y/a", "tcp", late.address+":80", false)
	}
	nothing()

	// Attached, but its object is not there.
	l.change(func(objects *Objects) { objects.Pods = objects.Pods[:len(objects.Pods)-1] })
	l.attach(late)
	l.apply()
	nothing()

	l.change(func(objects *Objects) { objects.Pods = append(objects.Pods, late.object) })
	l.apply()
	l.expectOne("x/late", "tcp", l.pods["y/a"].address+":80", true)
	l.expectOne("y/a", "tcp", late.address+":80", true)
}

func TestAnAddressGivenAnewInheritsNothing(t *testing.T) {
	l := newLab(t)
	l.with(
		"x\npodSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]",
		"y"+denyAll,
	)
	old, server := l.pods["x/b"], l.pods["x/a"].address+":80"
	l.expectOne("x/b", "tcp", server, true)
	// The pod ends, and one of another namespace gets its address.
	l.change(func(objects *Objects) {
		objects.Attachments = append(objects.Attachments[:1:1], objects.Attachments[2:]...)
	})
	l.apply()
	l.expectOne("x/b", "tcp", server, false)
	l.in(l.node, func() error { return deleteLink(old.host) })
	next := l.startPod("y/next", old.address)
	l.apply()
	l.expectOne("y/next", "tcp", server, false)
	l.attach(next)
	l.apply()
	l.expectOne("y/next", "tcp", server, false)
	l.expectOne("x/a", "tcp", next.address+":80", false)
	l.with("x\npodSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]")
	l.expectOne("y/next", "tcp", server, false)
	l.expectOne("x/a", "tcp", next.address+":80", true)
}

// The desk is what the CNI speaks to: attach, detach, and the address goes to another pod.
func TestConnectionsEndWithTheirPodAndNotWithOthers(t *testing.T) {
	l := newLab(t)
	attachments, err := OpenAttachments(t.TempDir())
	l.must(err)
	for _, attachment := range l.objects.Attachments {
		_, _, err := attachments.Add(attachment)
		l.must(err)
	}
	enforcer := NewEnforcer(labNetwork, NewKernel(), func() (Objects, int, error) {
		objects := l.objects
		all, version := attachments.All()
		objects.Attachments = all
		return objects, version, nil
	})
	desk := Desk{attachments: attachments, enforcer: enforcer, forget: func(isMeant func(netip.Addr) bool) error {
		return within(l.node, func() error { return forgetConnections(isMeant) })
	}}
	gone, stays := l.dial("y/a", l.pods["x/a"].address+":80"), l.dial("y/a", l.pods["x/b"].address+":80")
	defer gone.Close()
	defer stays.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = within(l.node, func() error { enforcer.Run(ctx); return nil }) }()
	l.must(desk.Clean(labNetwork.Pods))
	if l.countConnections(l.pods["x/a"].address) == 0 || l.countConnections(l.pods["x/b"].address) == 0 {
		t.Error("connections of living pods were forgotten")
	}
	l.must(desk.do(ctx, request{Verb: "detach", Attachment: Attachment{Container: l.pods["x/a"].host}}))
	if count := l.countConnections(l.pods["x/a"].address); count != 0 {
		t.Errorf("the kernel still knows %d connections of a pod that is gone", count)
	}
	if l.countConnections(l.pods["x/b"].address) == 0 {
		t.Error("another pod's connections were forgotten")
	}
	again := l.objects.Attachments[0]
	l.must(desk.do(ctx, request{Verb: "attach", Attachment: again}))
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", true)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	stranger := Attachment{Container: "c9", Address: netip.MustParseAddr("10.99.0.200"), Namespace: "x", Name: "nobody", UID: "9"}
	if desk.do(short, request{Verb: "attach", Attachment: stranger}) == nil {
		t.Error("a pod that the cluster does not know was attached")
	}
}

func TestAPolicyThatComesLaterEndsWhatItDoesNotAllow(t *testing.T) {
	l := newLab(t)
	into, outOf := l.dial("y/a", l.pods["x/a"].address+":80"), l.dial("x/a", l.pods["y/b"].address+":80")
	defer into.Close()
	defer outOf.Close()
	for _, connection := range []net.Conn{into, outOf} {
		if !echoes(connection, time.Now().Add(patience)) {
			t.Fatal("the connection does not work before")
		}
	}
	l.with("x\npodSelector: {}\npolicyTypes: [Ingress]")
	if echoes(into, time.Now().Add(impatience)) {
		t.Error("a connection goes on that a policy denies by now")
	}
	// Replies are part of what the pod itself began.
	if !echoes(outOf, time.Now().Add(patience)) {
		t.Error("an isolated pod gets no replies")
	}
	l.with("x" + denyAll)
	if echoes(outOf, time.Now().Add(impatience)) {
		t.Error("a connection outward goes on that a policy denies by now")
	}
}

func (l *lab) dial(from, address string) (connection net.Conn) {
	l.Helper()
	l.in(l.pods[from].ns, func() (err error) {
		connection, err = net.DialTimeout("tcp4", address, patience)
		return err
	})
	return connection
}

func TestAPodCannotSpeakFromAnotherAddress(t *testing.T) {
	l := newLab(t)
	l.with("x\npodSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]")
	// y/a takes the address of x/b, which may reach x/a; x/a would answer to x/b, so what counts is what comes in.
	l.address(l.pods["y/a"].ns, l.pods["x/b"].address+"/32", "eth0")
	var heard net.PacketConn
	l.in(l.pods["x/a"].ns, func() (err error) {
		heard, err = net.ListenPacket("udp4", l.pods["x/a"].address+":9999")
		return err
	})
	defer heard.Close()
	send := func(from string) {
		l.in(l.pods[from].ns, func() error {
			socket, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(l.pods["x/b"].address)}, heard.LocalAddr().(*net.UDPAddr))
			if err != nil {
				return err
			}
			defer socket.Close()
			_, err = socket.Write([]byte("it is me"))
			return err
		})
	}
	hears := func() bool {
		_ = heard.SetReadDeadline(time.Now().Add(impatience))
		_, _, err := heard.ReadFrom(make([]byte, 64))
		return err == nil
	}
	send("y/a")
	if hears() {
		t.Error("a packet with a foreign source address came through")
	}
	send("x/b")
	if !hears() {
		t.Error("the true owner of the address is not heard")
	}
	// Nor does anybody outside.
	l.address(l.outside, l.pods["x/b"].address+"/32", "eth0")
	l.in(l.outside, func() error {
		socket, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(l.pods["x/b"].address)}, heard.LocalAddr().(*net.UDPAddr))
		if err != nil {
			return err
		}
		defer socket.Close()
		_, err = socket.Write([]byte("it is me"))
		return err
	})
	if hears() {
		t.Error("a packet from outside with a pod's address came through")
	}
}

// Pods get no IPv6 address, but every interface has a link-local one, over which the node would answer.
func TestNoPodReachesTheNodeOverIPv6(t *testing.T) {
	l := newLab(t)
	var listener net.Listener
	linkLocal := l.linkLocal(l.node, l.pods["x/a"].host)
	if linkLocal == "" {
		t.Skip("this machine has no IPv6")
	}
	l.in(l.node, func() (err error) {
		listener, err = net.Listen("tcp6", "[::]:7443")
		return err
	})
	defer listener.Close()
	try := func() error {
		return within(l.pods["x/a"].ns, func() error {
			connection, err := net.DialTimeout("tcp6", "["+linkLocal+"%eth0]:7443", time.Second)
			if err == nil {
				_ = connection.Close()
			}
			return err
		})
	}
	if try() == nil {
		t.Error("the node answers over IPv6")
	}
	l.nft("delete table " + table)
	deadline := time.Now().Add(patience)
	for try() != nil {
		if time.Now().After(deadline) {
			t.Fatal("without the rules the node does not answer either, so this test shows nothing")
		}
	}
}

// The kernel need not speak SCTP to filter it: a packet is made by hand.
func TestSCTPIsFilteredByPort(t *testing.T) {
	l := newLab(t)
	l.with("x\npodSelector: {}\ningress: [{ports: [{port: 80, protocol: SCTP}]}]")
	var socket int
	l.in(l.pods["x/a"].ns, func() (err error) {
		socket, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_SCTP)
		return err
	})
	defer unix.Close(socket)
	l.must(unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 300_000}))
	send := func(port byte) bool {
		// Ports 4000 → port, an empty tag, and an INIT chunk.
		packet := append([]byte{0x0f, 0xa0, 0, port, 0, 0, 0, 0, 0, 0, 0, 0}, 1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0, 1, 0, 1, 0, 0, 0, 1)
		l.in(l.pods["y/a"].ns, func() error {
			sender, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_SCTP)
			if err != nil {
				return err
			}
			defer unix.Close(sender)
			to := unix.SockaddrInet4{Addr: l.objects.Attachments[0].Address.As4()}
			return unix.Sendto(sender, packet, 0, &to)
		})
		_, _, err := unix.Recvfrom(socket, make([]byte, 256), 0)
		return err == nil
	}
	if !send(80) {
		t.Error("the allowed port is closed")
	}
	if send(81) {
		t.Error("another port is open")
	}
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", false)
}

func TestRulesThatSomebodyRemovedComeBack(t *testing.T) {
	l := newLab(t)
	l.with("x" + denyAll)
	l.nft("flush ruleset")
	l.in(l.node, func() error {
		l.enforcer.kernel.Look()
		return nil
	})
	l.apply()
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", false)
	// A change onto what is not there fails, and the next attempt begins anew.
	l.nft("flush ruleset")
	l.change(func(objects *Objects) { objects.Policies = nil })
	if err := within(l.node, l.enforcer.ApplyOnce); err == nil {
		t.Error("a change of a table that is gone was taken")
	}
	l.apply()
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", true)
}

// What goes to the kernel without nft must be what nft would have written.
func TestElementsThatTheKernelTakesAreThoseThatWereMeant(t *testing.T) {
	l := newLab(t)
	named := "x\npodSelector: {}\ningress: [{ports: [{port: web, protocol: TCP}, {port: web, protocol: UDP}]}]"
	objects := storesOf(t, 4, 3)
	objects.Policies = append(objects.Policies, parsePolicy(t, named, 99))
	objects.Namespaces = append(objects.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "x"}})
	objects.addPod("x", "web", 900, nil)
	tcp, udp := corev1.ContainerPort{Name: "web", Protocol: corev1.ProtocolTCP, ContainerPort: 8080}, corev1.ContainerPort{Name: "web", Protocol: corev1.ProtocolUDP, ContainerPort: 53}
	objects.Pods[len(objects.Pods)-1].Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{tcp, udp}}}
	all := objects.Attachments
	compiler, kernel := NewCompiler(labNetwork), NewKernel()
	apply := func(kernel *Kernel) {
		t.Helper()
		l.in(l.node, func() error { return kernel.Apply(compiler.Compile(objects)) })
	}
	list := func() (listed string) {
		l.in(l.node, func() error {
			out, err := exec.Command("nft", "-s", "list", "table", "inet", tableName).Output()
			listed = string(out)
			return err
		})
		return listed
	}
	apply(kernel)
	// From here on it has no nft.
	kernel.command = []string{"false"}
	for range 40 {
		objects.Attachments = slices.DeleteFunc(slices.Clone(all), func(Attachment) bool { return rand.IntN(3) == 0 })
		// The address of one pod goes to another, whose policies are others.
		one, other := rand.IntN(len(all)), rand.IntN(len(all))
		all[one].Address, all[other].Address = all[other].Address, all[one].Address
		apply(kernel)
		seen := list()
		apply(NewKernel())
		if wanted := list(); sortedElements(seen) != sortedElements(wanted) {
			t.Fatalf("the kernel has\n%s\nand should have\n%s", seen, wanted)
		}
	}
	held := *kernel.held
	l.nft("flush set inet network-policies pods")
	objects.Attachments = nil
	l.in(l.node, func() error {
		if err := kernel.Apply(compiler.Compile(objects)); err == nil {
			t.Error("elements that are not there were taken away")
		}
		return nil
	})
	if seen := list(); !strings.Contains(seen, "goto egress-") || kernel.held != nil {
		t.Errorf("after a refusal part of it was done: %v\n%s", held.Sets["egress"], seen)
	}
}

// Rules as they are listed, with the elements of each set in one order: the kernel keeps them in none.
func sortedElements(listed string) string {
	whole := strings.Join(strings.Fields(listed), " ")
	return regexp.MustCompile(`elements = \{ ([^}]*)\}`).ReplaceAllStringFunc(whole, func(text string) string {
		elements := strings.Split(strings.Trim(strings.TrimPrefix(text, "elements = "), "{ }"), ", ")
		slices.Sort(elements)
		return strings.Join(elements, ", ")
	})
}

func TestANewProcessTakesOverWithoutAGap(t *testing.T) {
	l := newLab(t)
	l.with("x" + denyAll)
	connection := l.dial("y/a", l.pods["y/b"].address+":80")
	defer connection.Close()
	l.enforcer = NewEnforcer(labNetwork, NewKernel(), l.enforcer.objects)
	// Until it has applied something, what the process before it left is in force.
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", false)
	l.apply()
	l.expectOne("y/a", "tcp", l.pods["x/a"].address+":80", false)
	if !echoes(connection, time.Now().Add(patience)) {
		t.Error("a connection was lost")
	}
}
