// Tells in each Ingress's status where it is reached, for people and for tools that wait for it. Never in the way of
// routing: it runs beside it and a failure is only logged.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"reflect"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

type StatusWriter struct {
	client     kubernetes.Interface
	controller *Controller
	wanted     []networkingv1.IngressLoadBalancerIngress
	wake       chan struct{}
}

// NewStatusWriter gives nil for an empty address: then nothing is written.
func NewStatusWriter(client kubernetes.Interface, controller *Controller, address string) *StatusWriter {
	if address == "" {
		return nil
	}
	entry := networkingv1.IngressLoadBalancerIngress{Hostname: address}
	if _, err := netip.ParseAddr(address); err == nil {
		entry = networkingv1.IngressLoadBalancerIngress{IP: address}
	}
	return &StatusWriter{
		client: client, controller: controller,
		wanted: []networkingv1.IngressLoadBalancerIngress{entry},
		wake:   make(chan struct{}, 1),
	}
}

func (w *StatusWriter) Signal() {
	if w == nil {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *StatusWriter) Run(ctx context.Context) {
	if w == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		ingresses, err := w.controller.ingresses.List(labels.Everything())
		if err != nil {
			slog.Warn("ingresses could not be listed for their status", "error", err)
			continue
		}
		for _, ingress := range ingresses {
			if isOfClass(ingress, w.controller.class) && !reflect.DeepEqual(ingress.Status.LoadBalancer.Ingress, w.wanted) {
				w.write(ctx, ingress)
			}
		}
	}
}

func (w *StatusWriter) write(ctx context.Context, ingress *networkingv1.Ingress) {
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"loadBalancer": map[string]any{"ingress": w.wanted}}})
	if err != nil {
		slog.Warn("the status of an ingress could not be written down", "error", err)
		return
	}
	_, err = w.client.NetworkingV1().Ingresses(ingress.Namespace).Patch(
		ctx, ingress.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
		slog.Warn("the status of an ingress could not be set", "ingress", ingress.Namespace+"/"+ingress.Name, "error", err)
	}
}
