// A node of network namespaces: pods behind veth pairs as the CNI makes them, an outside, and the real packet filter. The
// objects are given by hand; no cluster is needed. Namespaces without a name vanish with the test.
package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

const (
	labGateway = "10.99.0.1"
	labNode    = "100.127.255.2"
	labOutside = "100.127.255.1"
	// More addresses of the outside, for blocks.
	labFarAway = "203.0.113.9"

	// What must come through has time on a busy machine; what must not is not waited for.
	patience   = 5 * time.Second
	impatience = 300 * time.Millisecond
)

var labNetwork = Network{Pods: netip.MustParsePrefix("10.99.0.0/24"), Outside: []string{"uplink"}}

type lab struct {
	*testing.T
	node, outside netns.NsHandle
	enforcer      *Enforcer
	pods          map[string]*labPod
	objects       Objects
	mutex         sync.Mutex
	version       int
}

type labPod struct {
	name    string
	ns      netns.NsHandle
	address string
	object  *corev1.Pod
	host    string
}

// newLab has the pods a and b in the namespaces x and y, and a in z. Pods listen on 80 and 81, called web and other, in TCP and UDP.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("nftables is not installed")
	}
	l := &lab{T: t, node: newNamespace(t), outside: newNamespace(t), pods: map[string]*labPod{}}
	l.in(l.node, func() error {
		for _, name := range []string{"ip_forward", "conf/all/rp_filter", "conf/default/rp_filter"} {
			value := "0"
			if name == "ip_forward" {
				value = "1"
			}
			if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0); err != nil {
				return err
			}
		}
		return nil
	})
	l.link(l.node, "uplink", labNode, l.outside, "eth0", labOutside)
	l.route(l.node, "", labOutside, "uplink")
	l.address(l.outside, labFarAway+"/32", "eth0")
	l.route(l.outside, labNetwork.Pods.String(), labNode, "eth0")
	l.listen(l.outside, labOutside, labFarAway)
	l.listen(l.node, labNode, labGateway)
	kernel := NewKernel()
	l.enforcer = NewEnforcer(labNetwork, kernel, func() (Objects, int, error) {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		return l.objects, l.version, nil
	})
	for _, namespace := range []string{"x", "y", "z"} {
		l.objects.Namespaces = append(l.objects.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: namespace, Labels: map[string]string{"kubernetes.io/metadata.name": namespace, "ns": namespace},
		}})
	}
	for _, name := range []string{"x/a", "x/b", "y/a", "y/b", "z/a"} {
		l.addPod(name)
	}
	l.apply()
	return l
}

func newNamespace(t testing.TB) netns.NsHandle {
	t.Helper()
	made := make(chan netns.NsHandle)
	go func() {
		// The thread ends with this goroutine, because it is never unlocked.
		runtime.LockOSThread()
		handle, err := netns.New()
		if err == nil {
			var lo netlink.Link
			if lo, err = netlink.LinkByName("lo"); err == nil {
				err = netlink.LinkSetUp(lo)
			}
		}
		if err != nil {
			handle = netns.None()
		}
		made <- handle
	}()
	handle := <-made
	if !handle.IsOpen() {
		t.Skip("network namespaces cannot be made here")
	}
	t.Cleanup(func() { _ = handle.Close() })
	return handle
}

// within runs on a thread inside the namespace; sockets opened and programs started there belong to it.
func within(ns netns.NsHandle, act func() error) error {
	ended := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := netns.Set(ns)
		if err == nil {
			err = act()
		}
		ended <- err
	}()
	return <-ended
}

func (l *lab) in(ns netns.NsHandle, act func() error) {
	l.Helper()
	if err := within(ns, act); err != nil {
		l.Fatal(err)
	}
}

func (l *lab) handle(ns netns.NsHandle) *netlink.Handle {
	l.Helper()
	handle, err := netlink.NewHandleAt(ns)
	if err != nil {
		l.Fatal(err)
	}
	return handle
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// link joins two namespaces by a pair whose ends have one address each and know the way to each other.
func (l *lab) link(one netns.NsHandle, oneName, oneIP string, other netns.NsHandle, otherName, otherIP string) {
	l.Helper()
	handle := l.handle(one)
	defer handle.Close()
	l.must(handle.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: oneName}, PeerName: otherName, PeerNamespace: netlink.NsFd(other),
	}))
	l.address(one, oneIP+"/32", oneName)
	l.address(other, otherIP+"/32", otherName)
	l.route(one, otherIP+"/32", "", oneName)
	l.route(other, oneIP+"/32", "", otherName)
}

func (l *lab) address(ns netns.NsHandle, cidr, device string) {
	l.Helper()
	handle := l.handle(ns)
	defer handle.Close()
	link, err := handle.LinkByName(device)
	l.must(err)
	l.must(handle.LinkSetUp(link))
	address, err := netlink.ParseAddr(cidr)
	l.must(err)
	l.must(handle.AddrReplace(link, address))
}

func (l *lab) route(ns netns.NsHandle, to, via, device string) {
	l.Helper()
	handle := l.handle(ns)
	defer handle.Close()
	link, err := handle.LinkByName(device)
	l.must(err)
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Scope: netlink.SCOPE_LINK}
	if to != "" {
		_, route.Dst, err = net.ParseCIDR(to)
		l.must(err)
	}
	if via != "" {
		route.Gw, route.Scope = net.ParseIP(via), netlink.SCOPE_UNIVERSE
	}
	l.must(handle.RouteReplace(route))
}

func (l *lab) addPod(name string) *labPod {
	l.Helper()
	pod := l.startPod(name, fmt.Sprintf("10.99.0.%d", 10+len(l.pods)))
	l.attach(pod)
	return pod
}

// startPod gives a pod its network and its object; the enforcer does not know its address yet.
func (l *lab) startPod(name, address string) *labPod {
	l.Helper()
	namespace, own, _ := strings.Cut(name, "/")
	pod := &labPod{name: name, ns: newNamespace(l.T), address: address, host: fmt.Sprintf("veth%d", len(l.pods))}
	pod.object = &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: own, UID: types.UID(fmt.Sprintf("%s#%d", name, len(l.pods))),
			Labels: map[string]string{"pod": own},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{
			{Name: "web", ContainerPort: 80, Protocol: corev1.ProtocolTCP},
			{Name: "other", ContainerPort: 81, Protocol: corev1.ProtocolTCP},
			{Name: "web", ContainerPort: 80, Protocol: corev1.ProtocolUDP},
		}}}},
	}
	l.link(l.node, pod.host, labGateway, pod.ns, "eth0", address)
	l.route(pod.ns, "", labGateway, "eth0")
	l.listen(pod.ns, address)
	l.pods[name] = pod
	l.change(func(objects *Objects) { objects.Pods = append(objects.Pods, pod.object) })
	return pod
}

func (l *lab) attach(pod *labPod) {
	l.change(func(objects *Objects) {
		objects.Attachments = append(objects.Attachments, Attachment{
			Container: pod.host, Address: netip.MustParseAddr(pod.address),
			Namespace: pod.object.Namespace, Name: pod.object.Name, UID: string(pod.object.UID),
		})
	})
}

func (l *lab) change(act func(*Objects)) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	act(&l.objects)
	l.version++
}

func (l *lab) apply() {
	l.Helper()
	l.in(l.node, l.enforcer.ApplyOnce)
}

// with puts the policies in the place of all there were. Each is "namespace", then its spec in YAML.
func (l *lab) with(policies ...string) {
	l.Helper()
	l.change(func(objects *Objects) {
		objects.Policies = nil
		for index, text := range policies {
			objects.Policies = append(objects.Policies, parsePolicy(l.T, text, index))
		}
	})
	l.apply()
}

func parsePolicy(t testing.TB, text string, index int) *networkingv1.NetworkPolicy {
	t.Helper()
	namespace, spec, _ := strings.Cut(strings.TrimSpace(text), "\n")
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "p" + strconv.Itoa(index)}}
	if err := yaml.UnmarshalStrict([]byte(spec), &policy.Spec); err != nil {
		t.Fatalf("%v in\n%s", err, spec)
	}
	return policy
}

// listen answers on ports 53, 80, 81 and 6443 of the addresses.
func (l *lab) listen(ns netns.NsHandle, addresses ...string) {
	l.Helper()
	l.in(ns, func() error {
		// The node's address towards pods comes with the first pod.
		_ = os.WriteFile("/proc/sys/net/ipv4/ip_nonlocal_bind", []byte("1"), 0)
		for _, address := range addresses {
			for _, port := range []string{"53", "80", "81", "6443"} {
				if err := serve(l.T, net.JoinHostPort(address, port)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func serve(t *testing.T, address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp4", address)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _, _ = listener.Close(), packets.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				buffer := make([]byte, 64)
				for {
					count, err := connection.Read(buffer)
					if err != nil {
						return
					}
					if _, err := connection.Write(buffer[:count]); err != nil {
						return
					}
				}
			}()
		}
	}()
	go func() {
		buffer := make([]byte, 64)
		for {
			count, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = packets.WriteTo(buffer[:count], from)
		}
	}()
	return nil
}

// reaches tries to have an echo from the address, and gives up after the time.
func reaches(ns netns.NsHandle, protocol, address string, within_ time.Duration) bool {
	deadline := time.Now().Add(within_)
	var connection net.Conn
	err := within(ns, func() (err error) {
		connection, err = (&net.Dialer{Deadline: deadline}).DialContext(context.Background(), protocol+"4", address)
		return err
	})
	if err != nil {
		return false
	}
	defer connection.Close()
	return echoes(connection, deadline)
}

func echoes(connection net.Conn, deadline time.Time) bool {
	buffer := make([]byte, 64)
	for time.Now().Before(deadline) {
		if _, err := connection.Write([]byte("hello")); err != nil {
			return false
		}
		next := time.Now().Add(impatience)
		if deadline.Before(next) {
			next = deadline
		}
		_ = connection.SetReadDeadline(next)
		if count, err := connection.Read(buffer); err == nil && count > 0 {
			return true
		}
	}
	return false
}

type attempt struct {
	from     string
	ns       netns.NsHandle
	protocol string
	to       string
	address  string
	want     bool
}

func (l *lab) try(attempts []attempt) {
	l.Helper()
	wrong := make([]string, len(attempts))
	var group sync.WaitGroup
	slots := make(chan struct{}, 40)
	for index, one := range attempts {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			limit := impatience
			if one.want {
				limit = patience
			}
			if got := reaches(one.ns, one.protocol, one.address, limit); got != one.want {
				wrong[index] = fmt.Sprintf("%s → %s %s (%s): got %v, want %v", one.from, one.protocol, one.to, one.address, got, one.want)
			}
		})
	}
	group.Wait()
	for _, line := range wrong {
		if line != "" {
			l.Error(line)
		}
	}
}

// flow is a packet's way between two pods, as a case speaks of it.
type flow struct {
	from, to string
	port     string
}

func (f flow) fromNamespace() string { return f.from[:1] }
func (f flow) toNamespace() string   { return f.to[:1] }

var labPods = []string{"x/a", "x/b", "y/a", "y/b", "z/a"}

// expect tries every pod against every other and itself, on all ports. A pod always reaches itself.
func (l *lab) expect(isAllowed func(flow) bool) {
	l.Helper()
	attempts := []attempt{}
	for _, from := range labPods {
		for _, to := range labPods {
			for _, port := range []string{"tcp/80", "tcp/81", "udp/80"} {
				protocol, number, _ := strings.Cut(port, "/")
				attempts = append(attempts, attempt{
					from: from, ns: l.pods[from].ns, protocol: protocol, to: to, address: l.pods[to].address + ":" + number,
					want: from == to || isAllowed(flow{from, to, port}),
				})
			}
		}
	}
	l.try(attempts)
}

// expectOne tries one way.
func (l *lab) expectOne(from, protocol, address string, want bool) {
	l.Helper()
	l.try([]attempt{{from: from, ns: l.pods[from].ns, protocol: protocol, address: address, want: want}})
}

func (l *lab) nft(transaction string) {
	l.Helper()
	l.in(l.node, func() error {
		command := exec.Command("nft", "-f", "-")
		command.Stdin = strings.NewReader(transaction)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, output)
		}
		return nil
	})
}

func deleteLink(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkDel(link)
}

func (l *lab) countConnections(address string) (count int) {
	l.Helper()
	l.in(l.node, func() error {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, netlink.FAMILY_V4)
		for _, flow := range flows {
			if flow.Forward.SrcIP.String() == address || flow.Forward.DstIP.String() == address {
				count++
			}
		}
		return err
	})
	return count
}

// linkLocal gives the interface's IPv6 address, once the kernel uses it.
func (l *lab) linkLocal(ns netns.NsHandle, device string) (found string) {
	l.Helper()
	for deadline := time.Now().Add(patience); found == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		l.in(ns, func() error {
			link, err := netlink.LinkByName(device)
			if err != nil {
				return err
			}
			addresses, err := netlink.AddrList(link, netlink.FAMILY_V6)
			for _, address := range addresses {
				if address.Flags&unix.IFA_F_TENTATIVE == 0 {
					found = address.IP.String()
				}
			}
			return err
		})
	}
	return found
}
