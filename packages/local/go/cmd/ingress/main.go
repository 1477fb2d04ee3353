// The ingress controller: HAProxy as the proxy, this program to drive it from Ingress objects and to keep it up. Both run in
// one container.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

type settings struct {
	proxy          ProxySettings
	class          string
	kubeconfig     string
	healthListen   string
	publishAddress string
	drain          time.Duration
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	// What the Kubernetes libraries say joins the same log.
	klog.SetSlogLogger(slog.Default())
	if err := run(readSettings()); err != nil {
		slog.Error("the ingress controller ended", "error", err)
		os.Exit(1)
	}
}

func readSettings() settings {
	var s settings
	flag.StringVar(&s.class, "class", "souk", "the ingress class to serve")
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "how to reach the cluster; empty inside a pod")
	flag.StringVar(&s.proxy.Listen, "listen", "*:8080", "where requests come in")
	flag.StringVar(&s.healthListen, "health-listen", ":8081", "where /healthz and /readyz are answered")
	flag.StringVar(&s.proxy.Folder, "folder", "/run/souk", "a writable folder for maps, pages and the socket")
	flag.StringVar(&s.proxy.TrustedProxies, "trusted-proxies", "127.0.0.1", "addresses or ranges, by blanks, whose X-Forwarded-* headers are believed")
	flag.IntVar(&s.proxy.MaxConnections, "max-connections", 4000, "connections at a time")
	flag.StringVar(&s.publishAddress, "publish-address", "", "the address to tell in the status of ingresses; empty for none")
	flag.DurationVar(&s.drain, "drain", 20*time.Second, "how long requests under way may take when ending")
	flag.Parse()
	s.proxy.MaxConnections = min(s.proxy.MaxConnections, connectionsByFiles())
	s.proxy.AnyHost = anyHost
	s.proxy.ShortestLife = 2 * time.Second
	return s
}

// connectionsByFiles gives how many connections the limit of open files allows: two files each, and some for HAProxy itself.
// HAProxy would not start with more.
func connectionsByFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 400
	}
	return int(min(limit.Max, 1<<20)-100) / 2
}

func run(s settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	client, err := connect(s.kubeconfig)
	if err != nil {
		return err
	}
	controller, err := NewController(client, s.class)
	if err != nil {
		return err
	}
	maps := NewMaps(s.proxy.Folder, s.proxy.socket())
	health := serveHealth(s.healthListen, controller, maps)
	defer health.Close()

	if err := controller.WaitForCluster(ctx); err != nil {
		return err
	}
	if err := WriteProxyFiles(s.proxy); err != nil {
		return fmt.Errorf("writing haproxy's files: %w", err)
	}
	status := NewStatusWriter(client, controller, s.publishAddress)
	go status.Run(ctx)
	status.Signal()
	follow := sync.OnceFunc(func() { go controller.Run(ctx, maps, status.Signal) })
	return KeepProxy(ctx, s.proxy, maps, controller.Table, s.drain, follow)
}

func connect(kubeconfig string) (kubernetes.Interface, error) {
	read := rest.InClusterConfig
	if kubeconfig != "" {
		read = func() (*rest.Config, error) { return clientcmd.BuildConfigFromFlags("", kubeconfig) }
	}
	config, err := read()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	config.UserAgent = "souk-ingress"
	return kubernetes.NewForConfig(config)
}

// serveHealth answers from the beginning: alive at once, ready when routes are served.
func serveHealth(listen string, controller *Controller, maps *Maps) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		if controller.isReady.Load() {
			if _, err := maps.command("show version"); err != nil {
				http.Error(response, "haproxy does not answer", http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprintln(response, "ok")
	})
	mux.HandleFunc("/readyz", func(response http.ResponseWriter, _ *http.Request) {
		if !controller.isReady.Load() {
			http.Error(response, "routes are not served yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(response, "ok")
	})
	server := &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("health is not answered", "error", err)
			os.Exit(1)
		}
	}()
	return server
}
