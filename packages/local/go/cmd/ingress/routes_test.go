package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const testClass = "souk"

var testBirth = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type testPath struct {
	path     string
	pathType networkingv1.PathType
	service  string
}

func newIngress(name string, ageSeconds int, host string, paths ...testPath) *networkingv1.Ingress {
	class := testClass
	rule := networkingv1.IngressRule{Host: host}
	rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
	for _, path := range paths {
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{
			Path: path.path, PathType: &path.pathType,
			Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
				Name: path.service, Port: networkingv1.ServiceBackendPort{Number: 80},
			}},
		})
	}
	return &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name,
			CreationTimestamp: metav1.NewTime(testBirth.Add(-time.Duration(ageSeconds) * time.Second)),
		},
		Spec: networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{rule}},
	}
}

func newService(name string, port int32) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: port}}},
	}
}

type testEndpoint struct {
	address        string
	ready, serving bool
}

func newSlice(service string, port int32, endpoints ...testEndpoint) *discoveryv1.EndpointSlice {
	portName := "http"
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: service + "-1", Labels: map[string]string{discoveryv1.LabelServiceName: service},
		},
		Ports: []discoveryv1.EndpointPort{{Name: &portName, Port: &port}},
	}
	for _, endpoint := range endpoints {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{endpoint.address},
			Conditions: discoveryv1.EndpointConditions{Ready: &endpoint.ready, Serving: &endpoint.serving},
		})
	}
	return slice
}

func expectMap(t *testing.T, name string, got map[string]string, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", name, got, want)
	}
}

func TestPathsEndWherePathElementsEnd(t *testing.T) {
	table := BuildTable(Objects{Ingresses: []*networkingv1.Ingress{newIngress("a", 0, "Acme.Example",
		testPath{"/", networkingv1.PathTypePrefix, "front"},
		testPath{"/app", networkingv1.PathTypePrefix, "back"},
		testPath{"/store/", networkingv1.PathTypePrefix, "back"},
		testPath{"/admin", networkingv1.PathTypeImplementationSpecific, "back"},
		testPath{"/health", networkingv1.PathTypeExact, "back"},
	)}}, testClass)
	expectMap(t, "hosts", table.Hosts, map[string]string{"acme.example": "acme.example"})
	expectMap(t, "prefix", table.Prefix, map[string]string{
		"acme.example/": "shop/front:80", "acme.example/app/": "shop/back:80",
		"acme.example/store/": "shop/back:80", "acme.example/admin/": "shop/back:80",
	})
	expectMap(t, "exact", table.Exact, map[string]string{"acme.example/health": "shop/back:80"})
	expectMap(t, "counts", table.Counts, map[string]string{"shop/front:80": "0", "shop/back:80": "0"})
}

func TestIngressesOfOtherClassesAndDeletedOnesAreNotServed(t *testing.T) {
	other := newIngress("other", 0, "other.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	class := "nginx"
	other.Spec.IngressClassName = &class
	classless := newIngress("classless", 0, "classless.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	classless.Spec.IngressClassName = nil
	annotated := newIngress("annotated", 0, "annotated.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	annotated.Spec.IngressClassName = nil
	annotated.Annotations = map[string]string{legacyClassAnnotation: testClass}
	deleted := newIngress("deleted", 0, "deleted.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	now := metav1.Now()
	deleted.DeletionTimestamp = &now
	table := BuildTable(Objects{Ingresses: []*networkingv1.Ingress{other, classless, annotated, deleted}}, testClass)
	expectMap(t, "hosts", table.Hosts, map[string]string{"annotated.example": "annotated.example"})
}

func TestTheOlderIngressKeepsARoute(t *testing.T) {
	older := newIngress("z-older", 100, "acme.example", testPath{"/", networkingv1.PathTypePrefix, "first"})
	newer := newIngress("a-newer", 1, "acme.example",
		testPath{"/", networkingv1.PathTypePrefix, "second"}, testPath{"/extra", networkingv1.PathTypePrefix, "second"})
	for _, order := range [][]*networkingv1.Ingress{{older, newer}, {newer, older}} {
		table := BuildTable(Objects{Ingresses: order}, testClass)
		expectMap(t, "prefix", table.Prefix, map[string]string{
			"acme.example/": "shop/first:80", "acme.example/extra/": "shop/second:80",
		})
		if len(table.Problems) != 1 || !strings.Contains(table.Problems[0], "a-newer") {
			t.Errorf("problems: %v", table.Problems)
		}
	}
}

func TestOnlyReadyEndpointsAreUsedAndEndingOnesWhenNoneIs(t *testing.T) {
	cases := []struct {
		name      string
		endpoints []testEndpoint
		want      []string
	}{
		{"ready ones, sorted", []testEndpoint{{"10.0.0.2", true, true}, {"10.0.0.1", true, true}, {"10.0.0.3", false, true}}, []string{"10.0.0.1|8000", "10.0.0.2|8000"}},
		{"ending ones while none is ready", []testEndpoint{{"10.0.0.3", false, true}, {"10.0.0.4", false, false}}, []string{"10.0.0.3|8000"}},
		{"none", []testEndpoint{{"10.0.0.4", false, false}}, nil},
		{"IPv6", []testEndpoint{{"fd00::1", true, true}}, []string{"fd00::1|8000"}},
		{"no address at all", []testEndpoint{{"not an address", true, true}}, nil},
	}
	for _, test := range cases {
		if got := findEndpoints([]*discoveryv1.EndpointSlice{newSlice("web", 8000, test.endpoints...)}, "http"); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestAServicePortLeadsToItsPodsPort(t *testing.T) {
	byNumber := newIngress("a", 0, "a.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	byName := newIngress("b", 0, "b.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	byName.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port = networkingv1.ServiceBackendPort{Name: "http"}
	wrong := newIngress("c", 0, "c.example", testPath{"/", networkingv1.PathTypePrefix, "web"})
	wrong.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port = networkingv1.ServiceBackendPort{Number: 81}
	table := BuildTable(Objects{
		Ingresses: []*networkingv1.Ingress{byNumber, byName, wrong},
		Services:  []*corev1.Service{newService("web", 80)},
		Slices:    []*discoveryv1.EndpointSlice{newSlice("web", 8000, testEndpoint{"10.0.0.1", true, true})},
	}, testClass)
	expectMap(t, "counts", table.Counts, map[string]string{"shop/web:80": "1", "shop/web:http": "1", "shop/web:81": "0"})
	expectMap(t, "endpoints", table.Endpoints, map[string]string{
		"shop/web:80#0": "10.0.0.1|8000", "shop/web:http#0": "10.0.0.1|8000",
	})
}

func TestRulesWithoutHostAndDefaultBackendsServeAnyHost(t *testing.T) {
	anywhere := newIngress("anywhere", 0, "", testPath{"/status", networkingv1.PathTypePrefix, "web"})
	fallback := newIngress("fallback", 0, "")
	fallback.Spec.Rules = nil
	fallback.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80},
	}}
	table := BuildTable(Objects{Ingresses: []*networkingv1.Ingress{anywhere, fallback}}, testClass)
	expectMap(t, "hosts", table.Hosts, map[string]string{anyHost: anyHost})
	expectMap(t, "prefix", table.Prefix, map[string]string{"_/": "shop/web:80", "_/status/": "shop/web:80"})
}

func TestWhatWouldBreakAMapLineIsLeftOut(t *testing.T) {
	for _, path := range []string{"/a b", "/a\nx.example/ shop/evil:80", "/a\tb", "/a\x7f"} {
		table := BuildTable(Objects{Ingresses: []*networkingv1.Ingress{
			newIngress("a", 0, "acme.example", testPath{path, networkingv1.PathTypePrefix, "web"}),
		}}, testClass)
		if len(table.Prefix) != 0 || len(table.Problems) != 1 {
			t.Errorf("%q: routes %v, problems %v", path, table.Prefix, table.Problems)
		}
	}
}
