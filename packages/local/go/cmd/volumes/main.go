// Command volumes answers claims of the node's StorageClass with a directory each, and removes the directory with the
// claim. Upstream's local-path-provisioner starts a helper pod for every one of these two moves; on a single node the
// directory is in reach, so a claim is bound in milliseconds and nothing waits for a pod. With one node there is no choice
// to wait for either: claims are bound at once, which spares the second in which a scheduler polls for a late binding.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v10/controller"
)

type provisioner struct {
	folder string
	node   string
}

// Provision makes the claim's directory. It is open to every user because the pod that mounts it chooses its own.
func (p *provisioner) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	claim := options.PVC
	if claim.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("claim.spec.selector is not supported")
	}
	directory := filepath.Join(p.folder, strings.Join([]string{options.PVName, claim.Namespace, claim.Name}, "_"))
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	// The umask takes bits from MkdirAll's mode.
	if err := os.Chmod(directory, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	mode := corev1.PersistentVolumeFilesystem
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    &mode,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: directory}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key:      corev1.LabelHostname,
					Operator: corev1.NodeSelectorOpIn,
					Values:   []string{p.node},
				}}}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the volume's directory and all in it; a directory that is already gone counts as removed.
func (p *provisioner) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	if volume.Spec.Local == nil {
		return &controller.IgnoredError{Reason: "not a volume of this provisioner"}
	}
	// A volume object may be edited by whoever has the right to; only what lies directly in our folder is ever removed.
	directory := filepath.Clean(volume.Spec.Local.Path)
	if filepath.Dir(directory) != filepath.Clean(p.folder) {
		return fmt.Errorf("%s is outside of %s and stays", directory, p.folder)
	}
	return os.RemoveAll(directory)
}

func main() {
	folder := flag.String("folder", "", "where the directories are made; the same path on the node and in this pod")
	node := flag.String("node", "", "the node on which the folder lies")
	name := flag.String("provisioner", "souk.dev/local-path", "the provisioner that storage classes name")
	kubeconfig := flag.String("kubeconfig", "", "a kubeconfig file; without it the pod's own service account is used")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, provisioner{folder: *folder, node: *node}, *name, *kubeconfig); err != nil {
		slog.Error("volumes cannot run", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, own provisioner, name, kubeconfig string) error {
	if !filepath.IsAbs(own.folder) || own.node == "" {
		return fmt.Errorf("--folder must be an absolute path and --node must be given")
	}
	config, err := clusterConfig(kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	provisions := controller.NewProvisionController(klog.FromContext(ctx), client, name, &own,
		controller.LeaderElection(false),
		controller.MetricsPort(0),
		controller.Threadiness(8),
		// Zero means that a claim is tried again, with growing pauses, for as long as it is there.
		controller.FailedProvisionThreshold(0),
		controller.FailedDeleteThreshold(0),
	)
	slog.Info("volumes runs", "folder", own.folder, "provisioner", name)
	provisions.Run(ctx)
	return nil
}

func clusterConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", kubeconfig)
}
