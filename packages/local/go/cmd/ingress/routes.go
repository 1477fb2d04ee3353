// The route table: what Ingress, Service and EndpointSlice objects mean for a request, as plain maps that HAProxy looks
// things up in. Pure: objects in, maps out, the same objects always giving the same maps.
//
//	Hosts      host, "*.domain" or anyHost → itself: which site a request is for
//	Exact      site + path                 → service key
//	Prefix     site + path + "/"           → service key, longest prefix wins
//	Counts     service key                 → number of endpoints
//	Endpoints  service key + "#" + index   → "address|port"
package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// anyHost stands for rules without a host; no DNS name can be this.
const anyHost = "_"

const legacyClassAnnotation = "kubernetes.io/ingress.class"

type Table struct {
	Hosts     map[string]string
	Exact     map[string]string
	Prefix    map[string]string
	Counts    map[string]string
	Endpoints map[string]string
	// Problems are for people: what in the objects could not be followed.
	Problems []string
}

type Objects struct {
	Ingresses []*networkingv1.Ingress
	Services  []*corev1.Service
	Slices    []*discoveryv1.EndpointSlice
}

type tableBuilder struct {
	table    Table
	services map[string]*corev1.Service
	slices   map[string][]*discoveryv1.EndpointSlice
}

// BuildTable follows the Ingresses of one class. Where two claim the same host and path the older one keeps it, so a
// newcomer can never take over a route that is served.
func BuildTable(objects Objects, class string) Table {
	builder := tableBuilder{
		table: Table{
			Hosts: map[string]string{}, Exact: map[string]string{}, Prefix: map[string]string{},
			Counts: map[string]string{}, Endpoints: map[string]string{},
		},
		services: map[string]*corev1.Service{},
		slices:   map[string][]*discoveryv1.EndpointSlice{},
	}
	for _, service := range objects.Services {
		builder.services[service.Namespace+"/"+service.Name] = service
	}
	for _, slice := range objects.Slices {
		key := slice.Namespace + "/" + slice.Labels[discoveryv1.LabelServiceName]
		builder.slices[key] = append(builder.slices[key], slice)
	}
	ingresses := slices.DeleteFunc(slices.Clone(objects.Ingresses), func(ingress *networkingv1.Ingress) bool {
		return !isOfClass(ingress, class) || ingress.DeletionTimestamp != nil
	})
	slices.SortFunc(ingresses, func(a, b *networkingv1.Ingress) int {
		return cmp.Or(
			a.CreationTimestamp.Time.Compare(b.CreationTimestamp.Time),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
	for _, ingress := range ingresses {
		builder.addIngress(ingress)
	}
	return builder.table
}

func isOfClass(ingress *networkingv1.Ingress, class string) bool {
	if ingress.Spec.IngressClassName != nil {
		return *ingress.Spec.IngressClassName == class
	}
	return ingress.Annotations[legacyClassAnnotation] == class
}

func (builder *tableBuilder) addIngress(ingress *networkingv1.Ingress) {
	for _, rule := range ingress.Spec.Rules {
		site := strings.ToLower(rule.Host)
		if site == "" {
			site = anyHost
		}
		if rule.HTTP == nil {
			if ingress.Spec.DefaultBackend != nil {
				builder.addRoute(ingress, site, "/", networkingv1.PathTypePrefix, *ingress.Spec.DefaultBackend)
			}
			continue
		}
		for _, path := range rule.HTTP.Paths {
			pathType := networkingv1.PathTypeImplementationSpecific
			if path.PathType != nil {
				pathType = *path.PathType
			}
			builder.addRoute(ingress, site, path.Path, pathType, path.Backend)
		}
	}
	if ingress.Spec.DefaultBackend != nil && len(ingress.Spec.Rules) == 0 {
		builder.addRoute(ingress, anyHost, "/", networkingv1.PathTypePrefix, *ingress.Spec.DefaultBackend)
	}
}

func (builder *tableBuilder) addRoute(
	ingress *networkingv1.Ingress, site string, path string, pathType networkingv1.PathType, backend networkingv1.IngressBackend,
) {
	route := fmt.Sprintf("ingress %s/%s, route %s%s", ingress.Namespace, ingress.Name, site, path)
	if backend.Service == nil {
		builder.problem(route + ": only services can be backends")
		return
	}
	// The maps are lines of words; what would break a line out of its form never gets in.
	if !isOneWord(site) || !isOneWord(path) {
		builder.problem(route + ": host and path must be free of blanks and control characters")
		return
	}
	routes, key := builder.table.Prefix, site+strings.TrimRight(path, "/")+"/"
	if pathType == networkingv1.PathTypeExact {
		routes, key = builder.table.Exact, site+path
	}
	if _, isTaken := routes[key]; isTaken {
		builder.problem(route + ": already served by an older ingress")
		return
	}
	routes[key] = builder.addService(ingress.Namespace, *backend.Service)
	builder.table.Hosts[site] = site
}

func isOneWord(text string) bool {
	return !strings.ContainsFunc(text, func(sign rune) bool { return sign <= ' ' || sign == 0x7f })
}

// addService gives the key of a service's port and sees to it that its endpoints are in the table. A service that is
// missing, or has none, keeps its route and answers that it is starting.
func (builder *tableBuilder) addService(namespace string, backend networkingv1.IngressServiceBackend) string {
	name := namespace + "/" + backend.Name
	port := backend.Port.Name
	if port == "" {
		port = strconv.Itoa(int(backend.Port.Number))
	}
	key := name + ":" + port
	if _, isKnown := builder.table.Counts[key]; isKnown {
		return key
	}
	var endpoints []string
	if portName, ok := findPort(builder.services[name], backend.Port); ok {
		endpoints = findEndpoints(builder.slices[name], portName)
	}
	builder.table.Counts[key] = strconv.Itoa(len(endpoints))
	for index, endpoint := range endpoints {
		builder.table.Endpoints[key+"#"+strconv.Itoa(index)] = endpoint
	}
	return key
}

func findPort(service *corev1.Service, wanted networkingv1.ServiceBackendPort) (name string, found bool) {
	if service == nil {
		return "", false
	}
	for _, port := range service.Spec.Ports {
		if (wanted.Name != "" && port.Name == wanted.Name) || (wanted.Name == "" && port.Port == wanted.Number) {
			return port.Name, true
		}
	}
	return "", false
}

// findEndpoints gives the ready endpoints; when none is, those that still serve while they end, as the last pod of a
// Deployment does until its successor is ready.
func findEndpoints(endpointSlices []*discoveryv1.EndpointSlice, portName string) []string {
	var ready, ending []string
	for _, slice := range endpointSlices {
		for _, port := range slice.Ports {
			if port.Port == nil || valueOr(port.Name, "") != portName {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				if len(endpoint.Addresses) == 0 {
					continue
				}
				address, err := netip.ParseAddr(endpoint.Addresses[0])
				if err != nil {
					continue
				}
				target := fmt.Sprintf("%s|%d", address, *port.Port)
				if valueOr(endpoint.Conditions.Ready, true) {
					ready = append(ready, target)
				} else if valueOr(endpoint.Conditions.Serving, false) {
					ending = append(ending, target)
				}
			}
		}
	}
	if len(ready) == 0 {
		ready = ending
	}
	slices.Sort(ready)
	return slices.Compact(ready)
}

func (builder *tableBuilder) problem(text string) {
	builder.table.Problems = append(builder.table.Problems, text)
}

func valueOr[T any](pointer *T, otherwise T) T {
	if pointer == nil {
		return otherwise
	}
	return *pointer
}
