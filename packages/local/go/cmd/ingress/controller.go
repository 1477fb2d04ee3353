// Watches the cluster and keeps HAProxy's maps equal to it. Events only wake the loop; what it applies is always built
// from everything the informers know, so a lost or doubled event changes nothing.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

// A failed switch of maps is tried again after this long even if nothing changes in the cluster.
const retryAfter = 500 * time.Millisecond

type Controller struct {
	class     string
	factory   informers.SharedInformerFactory
	ingresses networkinglisters.IngressLister
	services  corelisters.ServiceLister
	slices    discoverylisters.EndpointSliceLister
	synced    []cache.InformerSynced
	wake      chan struct{}
	isReady   atomic.Bool
}

func NewController(client kubernetes.Interface, class string) (*Controller, error) {
	// Resyncs would only replay what the caches hold; reconnecting and relisting is the informers' own work.
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(dropManagedFields))
	controller := &Controller{
		class:     class,
		factory:   factory,
		ingresses: factory.Networking().V1().Ingresses().Lister(),
		services:  factory.Core().V1().Services().Lister(),
		slices:    factory.Discovery().V1().EndpointSlices().Lister(),
		wake:      make(chan struct{}, 1),
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Networking().V1().Ingresses().Informer(),
		factory.Core().V1().Services().Informer(),
		factory.Discovery().V1().EndpointSlices().Informer(),
	} {
		registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { controller.signal() },
			UpdateFunc: func(any, any) { controller.signal() },
			DeleteFunc: func(any) { controller.signal() },
		})
		if err != nil {
			return nil, fmt.Errorf("watching the cluster: %w", err)
		}
		controller.synced = append(controller.synced, registration.HasSynced)
	}
	return controller, nil
}

// Field ownership is half of most objects and nothing here reads it.
func dropManagedFields(object any) (any, error) {
	switch typed := object.(type) {
	case *networkingv1.Ingress:
		typed.ManagedFields = nil
	case *corev1.Service:
		typed.ManagedFields = nil
	case *discoveryv1.EndpointSlice:
		typed.ManagedFields = nil
	}
	return object, nil
}

func (c *Controller) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
		// A wake-up is pending already and will see this change too.
	}
}

// WaitForCluster blocks until the caches hold everything, so that the first table is a whole one.
func (c *Controller) WaitForCluster(ctx context.Context) error {
	c.factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		return fmt.Errorf("the cluster's objects could not be read: %w", context.Cause(ctx))
	}
	return nil
}

func (c *Controller) Table() (Table, error) {
	ingresses, err := c.ingresses.List(labels.Everything())
	if err != nil {
		return Table{}, err
	}
	services, err := c.services.List(labels.Everything())
	if err != nil {
		return Table{}, err
	}
	endpointSlices, err := c.slices.List(labels.Everything())
	if err != nil {
		return Table{}, err
	}
	return BuildTable(Objects{Ingresses: ingresses, Services: services, Slices: endpointSlices}, c.class), nil
}

// Run follows the cluster until the context ends. Each applied change calls onChange.
func (c *Controller) Run(ctx context.Context, maps *Maps, onChange func()) {
	c.isReady.Store(true)
	var retry <-chan time.Time
	lastProblems := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-retry:
		}
		retry = nil
		table, err := c.Table()
		if err != nil {
			slog.Error("the route table could not be built", "error", err)
			retry = time.After(retryAfter)
			continue
		}
		if problems := fmt.Sprint(table.Problems); problems != lastProblems {
			lastProblems = problems
			for _, problem := range table.Problems {
				slog.Warn("a route was left out", "reason", problem)
			}
		}
		started := time.Now()
		changed, err := maps.Apply(table)
		if err != nil {
			slog.Error("haproxy did not take the routes", "error", err)
			retry = time.After(retryAfter)
			continue
		}
		if changed {
			slog.Info("routes changed", "hosts", len(table.Hosts), "routes", len(table.Exact)+len(table.Prefix),
				"milliseconds", time.Since(started).Milliseconds())
			onChange()
		}
	}
}
