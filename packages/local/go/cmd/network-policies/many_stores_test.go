package main

import (
	"fmt"
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// storesOf gives as many namespaces with a store's policies and some pods each.
func storesOf(t testing.TB, count, podsEach int) Objects {
	objects := Objects{}
	for store := range count {
		namespace := fmt.Sprintf("store-%d", store)
		objects.Namespaces = append(objects.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: namespace, Labels: map[string]string{"kubernetes.io/metadata.name": namespace},
		}})
		for index, spec := range []string{
			denyAll,
			"\npodSelector: {}\npolicyTypes: [Ingress, Egress]\ningress: [{from: [{podSelector: {}}]}]\negress: [{to: [{podSelector: {}}]}]",
			"\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]",
			"\npodSelector: {matchLabels: {web: 'true'}}\npolicyTypes: [Ingress]\ningress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: souk-ingress}}, podSelector: {matchLabels: {app: ingress}}}]}]",
			"\npodSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 100.64.0.0/10, 192.168.0.0/16]}}]}]",
		} {
			objects.Policies = append(objects.Policies, parsePolicy(t, namespace+spec, index))
		}
		for pod := range podsEach {
			objects.addPod(namespace, fmt.Sprintf("pod-%d", pod), len(objects.Pods), map[string]string{"web": fmt.Sprint(pod == 0)})
		}
	}
	return objects
}

func (o *Objects) addPod(namespace, name string, number int, podLabels map[string]string) {
	uid := namespace + "/" + name
	o.Pods = append(o.Pods, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid), Labels: podLabels}})
	o.Attachments = append(o.Attachments, Attachment{
		Container: fmt.Sprint(number), Address: netip.AddrFrom4([4]byte{10, 99, byte(number >> 8), byte(number)}), Namespace: namespace, Name: name, UID: uid,
	})
}

func BenchmarkCompile200Stores(b *testing.B) {
	objects := storesOf(b, 200, 4)
	compiler := NewCompiler(labNetwork)
	for b.Loop() {
		compiler.Compile(objects)
	}
}

// A pod more in the real packet filter of a namespace of its own.
func BenchmarkOnePodMoreAmong200Stores(b *testing.B) {
	objects := storesOf(b, 200, 4)
	ns := newNamespace(b)
	kernel, compiler := NewKernel(), NewCompiler(labNetwork)
	apply := func() {
		if err := within(ns, func() error { return kernel.Apply(compiler.Compile(objects)) }); err != nil {
			b.Fatal(err)
		}
	}
	apply()
	for b.Loop() {
		objects.addPod("store-7", fmt.Sprintf("more-%d", len(objects.Pods)), len(objects.Pods), nil)
		apply()
	}
}
