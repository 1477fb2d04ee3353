// Command attach-pod is the last CNI plugin of the node's chain: it tells the enforcer of network policies which pod got which
// address, and lets the pod start when its policies are in the kernel. When the enforcer does not answer, the pod does not
// start and the kubelet tries again.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
)

const (
	// The enforcer starts again within this time after it has died.
	reachedWithin = 5 * time.Second
	answersWithin = 10 * time.Second
	retryEvery    = 20 * time.Millisecond
)

type pluginConfig struct {
	types.PluginConf
	Socket string `json:"socket"`
}

// What the kubelet tells of the pod, through the runtime.
type podArguments struct {
	types.CommonArgs
	K8S_POD_NAMESPACE types.UnmarshallableString //nolint:revive // named by the protocol
	K8S_POD_NAME      types.UnmarshallableString //nolint:revive // named by the protocol
	K8S_POD_UID       types.UnmarshallableString //nolint:revive // named by the protocol
}

type attachment struct {
	Container string     `json:"container"`
	Address   netip.Addr `json:"address"`
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	UID       string     `json:"uid"`
}

type request struct {
	Verb       string     `json:"verb"`
	Attachment attachment `json:"attachment"`
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: del, Check: check},
		version.PluginSupports("1.0.0", "1.1.0"), "attach-pod: waits until a pod's network policies are in the kernel")
}

func add(args *skel.CmdArgs) error {
	config, err := readConfig(args.StdinData)
	if err != nil {
		return err
	}
	result, err := current.GetResult(config.PrevResult)
	if err != nil {
		return err
	}
	address, err := findAddress(result)
	if err != nil {
		return err
	}
	pod := podArguments{CommonArgs: types.CommonArgs{IgnoreUnknown: true}}
	if err := types.LoadArgs(args.Args, &pod); err != nil {
		return err
	}
	if err := tell(config.Socket, request{Verb: "attach", Attachment: attachment{
		Container: args.ContainerID,
		Address:   address,
		Namespace: string(pod.K8S_POD_NAMESPACE),
		Name:      string(pod.K8S_POD_NAME),
		UID:       string(pod.K8S_POD_UID),
	}}); err != nil {
		return err
	}
	return types.PrintResult(result, config.CNIVersion)
}

func del(args *skel.CmdArgs) error {
	config, err := readConfig(args.StdinData)
	if err != nil {
		return err
	}
	// An error keeps the address from being given to another pod until the enforcer has taken it out.
	return tell(config.Socket, request{Verb: "detach", Attachment: attachment{Container: args.ContainerID}})
}

func check(*skel.CmdArgs) error { return nil }

func readConfig(input []byte) (*pluginConfig, error) {
	config := &pluginConfig{}
	if err := json.Unmarshal(input, config); err != nil {
		return nil, err
	}
	if config.Socket == "" {
		return nil, errors.New("the configuration has no socket")
	}
	// A detach may come without a result: then the attach before it never came as far.
	if config.RawPrevResult != nil {
		if err := version.ParsePrevResult(&config.PluginConf); err != nil {
			return nil, err
		}
	}
	return config, nil
}

func findAddress(result *current.Result) (netip.Addr, error) {
	for _, ip := range result.IPs {
		if address, ok := netip.AddrFromSlice(ip.Address.IP); ok && address.Unmap().Is4() {
			return address.Unmap(), nil
		}
	}
	return netip.Addr{}, errors.New("the plugins before this one gave no IPv4 address")
}

func tell(socket string, what request) error {
	connection, err := reach(socket)
	if err != nil {
		return fmt.Errorf("the enforcer of network policies does not answer: %w", err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(answersWithin)); err != nil {
		return err
	}
	if err := json.NewEncoder(connection).Encode(what); err != nil {
		return err
	}
	var told struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(connection).Decode(&told); err != nil {
		return fmt.Errorf("the enforcer of network policies ended while it was asked: %w", err)
	}
	if told.Error != "" {
		return fmt.Errorf("network policies: %s", told.Error)
	}
	return nil
}

func reach(socket string) (net.Conn, error) {
	deadline := time.Now().Add(reachedWithin)
	for {
		connection, err := net.DialTimeout("unix", socket, reachedWithin)
		if err == nil || time.Now().After(deadline) {
			return connection, err
		}
		time.Sleep(retryEvery)
	}
}
