// Command network-policies makes the node's packet filter carry out the cluster's NetworkPolicies. It runs in the node's
// network namespace. Rules stay when it ends: pods that are known go on as they were, and new ones do not start without it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

type settings struct {
	kubeconfig  string
	attachments string
	socket      string
	podCIDR     string
	outside     string
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	// What the Kubernetes libraries say joins the same log.
	klog.SetSlogLogger(slog.Default())
	var s settings
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "how to reach the cluster")
	flag.StringVar(&s.attachments, "attachments", "", "a folder of this program's own, in which it keeps which pod has which address")
	flag.StringVar(&s.socket, "socket", "", "the unix socket on which the CNI plugin tells of pods")
	flag.StringVar(&s.podCIDR, "pod-cidr", "", "the range of the pods' addresses")
	flag.StringVar(&s.outside, "outside-interfaces", "", "the node's interfaces that lead to no pod, by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, s); err != nil {
		slog.Error("network-policies cannot run", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	pods, err := netip.ParsePrefix(s.podCIDR)
	if err != nil {
		return fmt.Errorf("--pod-cidr: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return fmt.Errorf("--kubeconfig: %w", err)
	}
	config.UserAgent = "souk-network-policies"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	attachments, err := OpenAttachments(s.attachments)
	if err != nil {
		return fmt.Errorf("--attachments: %w", err)
	}
	var enforcer *Enforcer
	cluster, err := NewCluster(client, func() { enforcer.Signal() })
	if err != nil {
		return err
	}
	network := Network{Pods: pods.Masked(), Outside: strings.Split(s.outside, ",")}
	enforcer = NewEnforcer(network, NewKernel(), func() (Objects, int, error) {
		// The attachments first: what is known of a pod is never older than its address.
		all, version := attachments.All()
		objects, err := cluster.Objects()
		objects.Attachments = all
		return objects, version, err
	})
	// What an earlier process left in the kernel holds until everything is known.
	if err := cluster.Start(ctx); err != nil {
		return err
	}
	if err := enforcer.ApplyOnce(); err != nil {
		return err
	}
	desk := Desk{attachments: attachments, enforcer: enforcer, forget: forgetConnections}
	if err := desk.Clean(network.Pods); err != nil {
		return fmt.Errorf("forgetting the connections of earlier pods: %w", err)
	}
	go enforcer.Run(ctx)
	slog.Info("network policies are enforced", "pods", pods)
	return desk.Serve(ctx, s.socket)
}
