// Objects of the cluster → what the packet filter is to hold. The same objects give the same ruleset; what is kept between two
// compilations is only what follows from one policy by itself, or from the pods and policies of one namespace.
//
// A packet between pods passes two hooks' chains one after the other: what its source may send, then what its destination may
// receive. Each looks the pod's address up and goes to the chain of all policies that select this pod; who is not looked up
// is not restricted. Pods with the same policies share a chain, and a selector that many policies use is one set. Both are made
// as soon as the cluster has the pod, while its sandbox is still being built: when it is attached, only some elements are missing.
package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Network is what must be known of the node.
type Network struct {
	// Pods is the range of the pods' addresses.
	Pods netip.Prefix
	// Outside are the interfaces that do not lead to a pod.
	Outside []string
}

// Attachment is a pod's place in the network, as the CNI gave it.
type Attachment struct {
	Container string     `json:"container"`
	Address   netip.Addr `json:"address"`
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	UID       string     `json:"uid"`
}

type Objects struct {
	Pods        []*corev1.Pod
	Namespaces  []*corev1.Namespace
	Policies    []*networkingv1.NetworkPolicy
	Attachments []Attachment
}

type direction struct {
	// Of the map of pods, and the beginning of the names of chains.
	name string
	// The peer's address in a packet.
	peer string
}

var (
	egress  = direction{name: "egress", peer: "daddr"}
	ingress = direction{name: "ingress", peer: "saddr"}
)

// A pod of the cluster; its address is empty until it is attached.
type knownPod struct {
	*corev1.Pod
	address string
}

// Compiler turns objects into rulesets, one after another.
type Compiler struct {
	network Network
	// An object of the cluster never changes in place, so a policy is read once.
	policies   map[*networkingv1.NetworkPolicy]compiledPolicy
	namespaces map[string]*compiledNamespace
}

func NewCompiler(network Network) *Compiler { return &Compiler{network: network} }

// One policy with all that does not depend on which pods there are.
type compiledPolicy struct {
	selects labels.Selector
	// Rules by direction; a direction that is not there is not restricted.
	rules map[direction][]string
	// The sets that the rules name: those that follow from the pods of the policy's own namespace, and those that do not.
	ownSets    map[string]func(own []knownPod) Set
	commonSets map[string]func(compilation) Set
}

type compilation struct {
	byNamespace map[string][]knownPod
	namespaces  []*corev1.Namespace
}

// One namespace with all that follows from its own pods and policies.
type compiledNamespace struct {
	// What it was made of; neither changes in place.
	pods     []knownPod
	policies []*networkingv1.NetworkPolicy

	sets     map[string]Set
	chains   map[string][]string
	verdicts map[direction]map[string]string
}

// Compile gives the whole ruleset. A pod that is attached but not among the pods (yet, or no more) is in none of its sets, and
// nothing passes from or to it.
func (c *Compiler) Compile(objects Objects) Ruleset {
	now := compilation{byNamespace: knownPods(objects), namespaces: objects.Namespaces}
	policies := map[string][]*networkingv1.NetworkPolicy{}
	compiled := make(map[*networkingv1.NetworkPolicy]compiledPolicy, len(objects.Policies))
	for _, policy := range objects.Policies {
		one, isKnown := c.policies[policy]
		if !isKnown {
			one = compilePolicy(policy)
		}
		compiled[policy] = one
		policies[policy.Namespace] = append(policies[policy.Namespace], policy)
	}
	c.policies = compiled
	pods, themselves := make(map[string]string, len(objects.Attachments)), make(map[string]string, len(objects.Attachments))
	verdicts := map[direction]map[string]string{
		egress: make(map[string]string, len(objects.Attachments)), ingress: make(map[string]string, len(objects.Attachments)),
	}
	ruleset := Ruleset{
		Sets: map[string]Set{
			"pods":       {Type: "ipv4_addr", Elements: pods},
			"themselves": {Type: "ipv4_addr . ipv4_addr", Elements: themselves},
			"egress":     {Type: "ipv4_addr : verdict", Elements: verdicts[egress]},
			"ingress":    {Type: "ipv4_addr : verdict", Elements: verdicts[ingress]},
		},
		Chains: baseChains(c.network),
	}
	namespaces := make(map[string]*compiledNamespace, len(now.byNamespace))
	for name, own := range now.byNamespace {
		selecting := policies[name]
		slices.SortFunc(selecting, func(a, b *networkingv1.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
		one := c.namespaces[name]
		if one == nil || !slices.Equal(one.pods, own) || !slices.Equal(one.policies, selecting) {
			one = compileNamespace(own, selecting, compiled)
		}
		namespaces[name] = one
		maps.Copy(ruleset.Sets, one.sets)
		maps.Copy(ruleset.Chains, one.chains)
		for way, elements := range one.verdicts {
			maps.Copy(verdicts[way], elements)
		}
		for _, pod := range own {
			if pod.address != "" {
				pods[pod.address] = ""
				themselves[pod.address+" . "+pod.address] = ""
			}
		}
		for _, policy := range selecting {
			for name, setOf := range compiled[policy].commonSets {
				if _, isThere := ruleset.Sets[name]; !isThere {
					ruleset.Sets[name] = setOf(now)
				}
			}
		}
	}
	c.namespaces = namespaces
	return ruleset
}

// All pods by their namespace, in an order that is always the same. A sandbox that was made again for the same pod has another
// address; the pod's uid tells it from an earlier pod of its name.
func knownPods(objects Objects) map[string][]knownPod {
	byUID := make(map[types.UID][]Attachment, len(objects.Attachments))
	for _, attachment := range objects.Attachments {
		byUID[types.UID(attachment.UID)] = append(byUID[types.UID(attachment.UID)], attachment)
	}
	known := map[string][]knownPod{}
	for _, pod := range objects.Pods {
		isAttached := false
		for _, attachment := range byUID[pod.UID] {
			if pod.Namespace == attachment.Namespace && pod.Name == attachment.Name {
				known[pod.Namespace] = append(known[pod.Namespace], knownPod{pod, attachment.Address.String()})
				isAttached = true
			}
		}
		if !isAttached {
			known[pod.Namespace] = append(known[pod.Namespace], knownPod{Pod: pod})
		}
	}
	for _, pods := range known {
		slices.SortFunc(pods, func(a, b knownPod) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.address, b.address))
		})
	}
	return known
}

func baseChains(network Network) map[string][]string {
	outside := strings.Join(append([]string{`"lo"`}, quoted(network.Outside)...), ", ")
	// Replies belong to what was allowed when it was asked for. Everything else is looked at packet by packet, so a policy
	// that comes later ends what it does not allow.
	allowed := []string{
		"ct direction reply accept",
		"ct state related accept",
		"ip saddr . ip daddr @themselves accept",
	}
	between := func(hook string, rules ...string) []string {
		return append([]string{"{ type filter hook " + hook + "; policy accept; }"}, rules...)
	}
	return map[string][]string{
		"origin": between("prerouting priority raw",
			// An address from the pods' range can only come from a pod.
			fmt.Sprintf(`iifname { %s } ip saddr %s iifname != "lo" counter drop`, outside, network.Pods),
			fmt.Sprintf("iifname { %s } accept", outside),
			// Pods have IPv4 addresses alone. Over IPv6 they would reach the node by its link-local address, past all policies.
			"meta nfproto ipv6 counter drop",
			// No pod sends from the address of another.
			"fib saddr . iif oif missing counter drop",
		),
		"forward-egress": between("forward priority filter - 10", slices.Concat(
			[]string{fmt.Sprintf("ip saddr %s ip saddr != @pods counter drop", network.Pods)},
			allowed, []string{"ip saddr vmap @egress"})...),
		"forward-ingress": between("forward priority filter - 5", slices.Concat(
			[]string{fmt.Sprintf("ip daddr %s ip daddr != @pods counter drop", network.Pods)},
			allowed, []string{"ip daddr vmap @ingress"})...),
		// From a pod to the node itself: the API server behind its Service, the kubelet, ports of the host's network. The node
		// may always speak to its pods (the kubelet's probes), so what leaves it is not looked at.
		"input-egress": between("input priority filter - 10", slices.Concat(
			[]string{fmt.Sprintf("iifname { %s } accept", outside), "ip saddr != @pods counter drop"},
			allowed, []string{"ip saddr vmap @egress"})...),
	}
}

func compilePolicy(policy *networkingv1.NetworkPolicy) compiledPolicy {
	// Who made an object that can't be read meant to restrict something.
	selects, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	if err != nil {
		slog.Error("a policy's podSelector cannot be read; the policy selects every pod", "policy", policy.Namespace+"/"+policy.Name, "error", err)
		selects = labels.Everything()
	}
	one := compiledPolicy{
		selects: selects, rules: map[direction][]string{},
		ownSets: map[string]func([]knownPod) Set{}, commonSets: map[string]func(compilation) Set{},
	}
	isIngress, isEgress := directionsOf(policy.Spec)
	if isIngress {
		one.rules[ingress] = []string{}
		for _, rule := range policy.Spec.Ingress {
			one.addRules(policy.Namespace, ingress, rule.From, rule.Ports)
		}
	}
	if isEgress {
		one.rules[egress] = []string{}
		for _, rule := range policy.Spec.Egress {
			one.addRules(policy.Namespace, egress, rule.To, rule.Ports)
		}
	}
	return one
}

// The API server fills policyTypes in by the same rule.
func directionsOf(spec networkingv1.NetworkPolicySpec) (isIngress, isEgress bool) {
	if len(spec.PolicyTypes) == 0 {
		return true, len(spec.Egress) > 0
	}
	return slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress),
		slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
}

func compileNamespace(
	pods []knownPod, policies []*networkingv1.NetworkPolicy, compiled map[*networkingv1.NetworkPolicy]compiledPolicy,
) *compiledNamespace {
	one := &compiledNamespace{
		pods: pods, policies: policies, sets: map[string]Set{}, chains: map[string][]string{},
		verdicts: map[direction]map[string]string{egress: {}, ingress: {}},
	}
	for _, policy := range policies {
		for name, setOf := range compiled[policy].ownSets {
			if _, isThere := one.sets[name]; !isThere {
				one.sets[name] = setOf(pods)
			}
		}
	}
	for way := range one.verdicts {
		one.restrict(way, compiled)
	}
	return one
}

// restrict sends each pod that a policy selects to the chain of all policies that do.
func (c *compiledNamespace) restrict(way direction, compiled map[*networkingv1.NetworkPolicy]compiledPolicy) {
	chains := map[string]string{}
	for _, pod := range c.pods {
		podLabels := labels.Set(pod.Labels)
		selecting := make([]byte, len(c.policies))
		isRestricted := false
		for index, policy := range c.policies {
			if _, restricts := compiled[policy].rules[way]; restricts && compiled[policy].selects.Matches(podLabels) {
				selecting[index], isRestricted = 1, true
			}
		}
		if !isRestricted {
			continue
		}
		chain, isThere := chains[string(selecting)]
		if !isThere {
			rules := []string{}
			for index, policy := range c.policies {
				if selecting[index] == 1 {
					rules = append(rules, compiled[policy].rules[way]...)
				}
			}
			slices.Sort(rules)
			rules = append(slices.Compact(rules), "counter drop")
			chain = way.name + "-" + hashOf(rules)
			chains[string(selecting)] = chain
			c.chains[chain] = rules
		}
		if pod.address != "" {
			c.verdicts[way][pod.address] = "goto " + chain
		}
	}
}

// One rule of a policy: peers and ports, either of which may be left out and is then any.
func (p compiledPolicy) addRules(namespace string, way direction, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
	from := []string{""}
	if len(peers) > 0 {
		from = p.matchPeers(namespace, way, peers)
	}
	to := []string{""}
	if len(ports) > 0 {
		to = p.matchPorts(ports)
	}
	for _, peer := range from {
		for _, port := range to {
			p.rules[way] = append(p.rules[way], peer+port+"accept")
		}
	}
}

func (p compiledPolicy) matchPeers(namespace string, way direction, peers []networkingv1.NetworkPolicyPeer) []string {
	matches := []string{}
	blocks := []*networkingv1.IPBlock{}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			blocks = append(blocks, peer.IPBlock)
			continue
		}
		matches = append(matches, fmt.Sprintf("ip %s @%s ", way.peer, p.peerSet(namespace, peer)))
	}
	if ranges := rangesOf(blocks); len(ranges) > 0 {
		name := "block-" + hashOf(ranges)
		elements := make(map[string]string, len(ranges))
		for _, one := range ranges {
			elements[one.String()] = ""
		}
		block := Set{Type: "ipv4_addr", Interval: true, Elements: elements}
		p.ownSets[name] = func([]knownPod) Set { return block }
		matches = append(matches, fmt.Sprintf("ip %s @%s ", way.peer, name))
	}
	return matches
}

// The set of the addresses of all pods that a peer means. Peers that mean the same share it.
func (p compiledPolicy) peerSet(namespace string, peer networkingv1.NetworkPolicyPeer) string {
	if peer.NamespaceSelector != nil {
		// It names the namespaces itself, whichever the policy's own is.
		namespace = ""
	}
	name := "peer-" + hashOf([]any{namespace, peer})
	selects := selectorOf(peer.PodSelector, labels.Everything())
	add := func(elements map[string]string, pods []knownPod) {
		for _, pod := range pods {
			if pod.address != "" && selects.Matches(labels.Set(pod.Labels)) {
				elements[pod.address] = ""
			}
		}
	}
	if peer.NamespaceSelector == nil {
		p.ownSets[name] = func(own []knownPod) Set {
			elements := map[string]string{}
			add(elements, own)
			return Set{Type: "ipv4_addr", Elements: elements}
		}
		return name
	}
	isMeant := selectorOf(peer.NamespaceSelector, labels.Nothing())
	p.commonSets[name] = func(c compilation) Set {
		elements := map[string]string{}
		for _, one := range c.namespaces {
			if isMeant.Matches(labels.Set(one.Labels)) {
				add(elements, c.byNamespace[one.Name])
			}
		}
		return Set{Type: "ipv4_addr", Elements: elements}
	}
	return name
}

// A selector that can't be read allows nobody.
func selectorOf(selector *metav1.LabelSelector, whenMissing labels.Selector) labels.Selector {
	if selector == nil {
		return whenMissing
	}
	selects, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		slog.Error("a peer's selector cannot be read; it matches nobody", "error", err)
		return labels.Nothing()
	}
	return selects
}

// Numbers go into one match; each name needs the addresses of who calls a port so, because every pod may mean another one.
func (p compiledPolicy) matchPorts(ports []networkingv1.NetworkPolicyPort) []string {
	numbers := []portRange{}
	matches := []string{}
	for _, port := range ports {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		switch {
		case port.Port == nil:
			numbers = append(numbers, portRange{protocol, 0, 65535})
		case port.Port.Type == intstr.String:
			matches = append(matches, fmt.Sprintf("ip daddr . meta l4proto . th dport @%s ", p.namedPortSet(protocol, port.Port.StrVal)))
		case port.EndPort != nil:
			numbers = append(numbers, portRange{protocol, port.Port.IntVal, *port.EndPort})
		default:
			numbers = append(numbers, portRange{protocol, port.Port.IntVal, port.Port.IntVal})
		}
	}
	if len(numbers) > 0 {
		matches = append(matches, fmt.Sprintf("meta l4proto . th dport { %s } ", strings.Join(mergePorts(numbers), ", ")))
	}
	return matches
}

type portRange struct {
	protocol    corev1.Protocol
	first, last int32
}

// The kernel refuses ranges that overlap in one set.
func mergePorts(ranges []portRange) []string {
	slices.SortFunc(ranges, func(a, b portRange) int {
		if order := strings.Compare(string(a.protocol), string(b.protocol)); order != 0 {
			return order
		}
		return int(a.first - b.first)
	})
	merged := []portRange{}
	for _, one := range ranges {
		if count := len(merged); count > 0 && merged[count-1].protocol == one.protocol && one.first <= merged[count-1].last+1 {
			merged[count-1].last = max(merged[count-1].last, one.last)
			continue
		}
		merged = append(merged, one)
	}
	elements := make([]string, 0, len(merged))
	for _, one := range merged {
		text := strconv.Itoa(int(one.first))
		if one.last > one.first {
			text += "-" + strconv.Itoa(int(one.last))
		}
		elements = append(elements, protocolName(one.protocol)+" . "+text)
	}
	return elements
}

func (p compiledPolicy) namedPortSet(protocol corev1.Protocol, portName string) string {
	name := "port-" + hashOf([]string{string(protocol), portName})
	p.commonSets[name] = func(c compilation) Set {
		elements := map[string]string{}
		for _, pods := range c.byNamespace {
			for _, pod := range pods {
				if pod.address == "" {
					continue
				}
				for _, port := range containerPorts(pod.Pod) {
					if port.Name == portName && port.Protocol == protocol {
						elements[fmt.Sprintf("%s . %s . %d", pod.address, protocolName(protocol), port.ContainerPort)] = ""
					}
				}
			}
		}
		return Set{Type: "ipv4_addr . inet_proto . inet_service", Elements: elements}
	}
	return name
}

func containerPorts(pod *corev1.Pod) []corev1.ContainerPort {
	ports := []corev1.ContainerPort{}
	for _, container := range pod.Spec.Containers {
		ports = append(ports, container.Ports...)
	}
	for _, container := range pod.Spec.InitContainers {
		// Side-cars run as long as the pod; other init containers have ended before anybody asks.
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			ports = append(ports, container.Ports...)
		}
	}
	return ports
}

func protocolName(protocol corev1.Protocol) string { return strings.ToLower(string(protocol)) }

// Twenty hexadecimal digits of a value's content; sets and chains are called by it.
func hashOf(value any) string {
	var text []byte
	switch typed := value.(type) {
	case []addressRange:
		text = []byte(fmt.Sprint(typed))
	default:
		// Selectors, names and texts: none of them can fail, and keys of maps come out sorted.
		text, _ = json.Marshal(value)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:10])
}

func quoted(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		out = append(out, strconv.Quote(name))
	}
	return out
}
