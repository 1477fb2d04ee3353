// What the enforcer must know of the cluster, kept in step by watches.
package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

type Cluster struct {
	factory    informers.SharedInformerFactory
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister
	synced     []cache.InformerSynced
}

// NewCluster prepares the watches; onChange is called after every change, and must not block.
func NewCluster(client kubernetes.Interface, onChange func()) (*Cluster, error) {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(keepWhatIsRead))
	c := &Cluster{
		factory:    factory,
		pods:       factory.Core().V1().Pods().Lister(),
		namespaces: factory.Core().V1().Namespaces().Lister(),
		policies:   factory.Networking().V1().NetworkPolicies().Lister(),
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(),
		factory.Core().V1().Namespaces().Informer(),
		factory.Networking().V1().NetworkPolicies().Informer(),
	} {
		registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { onChange() },
			UpdateFunc: func(before, now any) {
				if !isSame(before, now) {
					onChange()
				}
			},
			DeleteFunc: func(any) { onChange() },
		})
		if err != nil {
			return nil, fmt.Errorf("watching the cluster: %w", err)
		}
		c.synced = append(c.synced, registration.HasSynced)
	}
	return c, nil
}

// Start blocks until everything is known once.
func (c *Cluster) Start(ctx context.Context) error {
	c.factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		return fmt.Errorf("the cluster's objects could not be read: %w", context.Cause(ctx))
	}
	return nil
}

// Objects gives everything that is known, without the attachments.
func (c *Cluster) Objects() (objects Objects, err error) {
	if objects.Pods, err = c.pods.List(labels.Everything()); err != nil {
		return objects, err
	}
	if objects.Namespaces, err = c.namespaces.List(labels.Everything()); err != nil {
		return objects, err
	}
	objects.Policies, err = c.policies.List(labels.Everything())
	return objects, err
}

// A pod is mostly things that no policy speaks of.
func keepWhatIsRead(object any) (any, error) {
	switch typed := object.(type) {
	case *corev1.Pod:
		pod := &corev1.Pod{ObjectMeta: keepNames(typed.ObjectMeta)}
		pod.Spec.Containers = keepPorts(typed.Spec.Containers)
		pod.Spec.InitContainers = keepPorts(typed.Spec.InitContainers)
		return pod, nil
	case *corev1.Namespace:
		return &corev1.Namespace{ObjectMeta: keepNames(typed.ObjectMeta)}, nil
	case *networkingv1.NetworkPolicy:
		typed.ManagedFields = nil
	}
	return object, nil
}

func keepNames(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, Labels: meta.Labels, ResourceVersion: meta.ResourceVersion,
	}
}

func keepPorts(containers []corev1.Container) []corev1.Container {
	kept := make([]corev1.Container, 0, len(containers))
	for _, container := range containers {
		kept = append(kept, corev1.Container{Name: container.Name, Ports: container.Ports, RestartPolicy: container.RestartPolicy})
	}
	return kept
}

// A pod's status changes many times while it starts, and says nothing to policies.
func isSame(before, now any) bool {
	switch typed := before.(type) {
	case *corev1.Pod:
		other := now.(*corev1.Pod)
		return typed.UID == other.UID && maps.Equal(typed.Labels, other.Labels) && reflect.DeepEqual(typed.Spec, other.Spec)
	case *corev1.Namespace:
		return maps.Equal(typed.Labels, now.(*corev1.Namespace).Labels)
	case *networkingv1.NetworkPolicy:
		return reflect.DeepEqual(typed.Spec, now.(*networkingv1.NetworkPolicy).Spec)
	}
	return false
}
