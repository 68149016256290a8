// Command crictl is a stand-in for cri-tools' crictl on nodes that are built where the real one cannot be had: real CRI
// calls, and the output of crictl 1.31 and later for the few subcommands that tests use. It is not crictl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	version         = "v1.36.0-stand-in"
	defaultEndpoint = "unix:///run/containerd/containerd.sock"
	defaultTimeout  = 2 * time.Second
	configFile      = "/etc/crictl.yaml"
	makingTimeout   = 30 * time.Second
	largestMessage  = 64 << 20
	usage           = `crictl ` + version + `: a stand-in for crictl on test nodes, not crictl itself.
usage: crictl [-r ENDPOINT] [-t TIMEOUT] COMMAND
  version
  info
  pods     [-o json|table] [-q] [--id ID] [--name RE] [--namespace RE] [--label K=V]... [--state ready|notready]
  ps       [-a] [-o json|table] [-q] [--id ID] [--pod ID] [--name RE] [--label K=V]... [--state STATE]
  inspectp [-o json] [-q] ID...
  inspect  [-o json] [-q] ID...
  images   [-o json]
  runp FILE.json...
  stopp ID...
  rmp [-f] ID...
  rmi IMAGE...
`
)

type client struct {
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
	timeout time.Duration
}

// call gives each RPC the timeout, as crictl does.
func (c *client) call() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), c.timeout)
}

var errUsage = errors.New("usage")

func main() {
	err := run(os.Args[1:])
	if errors.Is(err, errUsage) || errors.Is(err, flag.ErrHelp) {
		fmt.Print(usage)
		if errors.Is(err, errUsage) {
			os.Exit(1)
		}
		return
	}
	if err != nil {
		// logrus' form off a terminal, which is what crictl prints.
		fmt.Fprintf(os.Stderr, "time=%q level=fatal msg=%q\n", time.Now().UTC().Format(time.RFC3339), err.Error())
		os.Exit(1)
	}
}

func run(args []string) error {
	global := newFlags("crictl")
	endpoint := global.String("runtime-endpoint", "", "")
	global.StringVar(endpoint, "r", "", "")
	timeout := global.String("timeout", "", "")
	global.StringVar(timeout, "t", "", "")
	_ = global.String("image-endpoint", "", "")
	_ = global.String("i", "", "")
	showVersion := global.Bool("version", false, "")
	global.BoolVar(showVersion, "v", false, "")
	if err := global.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		fmt.Println("crictl version " + version)
		return nil
	}
	if global.NArg() == 0 {
		return flag.ErrHelp
	}
	command, ok := commands[global.Arg(0)]
	if !ok {
		return errUsage
	}
	settings, err := readConfig(configFile)
	if err != nil {
		return fmt.Errorf("load config file: %w", err)
	}
	c, err := connect(first(*endpoint, os.Getenv("CONTAINER_RUNTIME_ENDPOINT"), settings["runtime-endpoint"], defaultEndpoint),
		first(*timeout, settings["timeout"]))
	if err != nil {
		return err
	}
	return command(c, global.Args()[1:])
}

var commands = map[string]func(*client, []string) error{
	"version": showVersions, "info": showStatus, "pods": listPods, "ps": listContainers, "inspectp": inspectPods,
	"inspect": inspectContainers, "images": listImages, "stopp": stopPods, "rmp": removePods,
	"runp": runPod, "rmi": removeImages,
}

// readConfig reads the flat `key: value` lines that /etc/crictl.yaml consists of. A missing file is no error.
func readConfig(path string) (map[string]string, error) {
	settings := map[string]string{}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(content), "\n") {
		if key, value, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, "#") {
			settings[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return settings, nil
}

func connect(endpoint, timeout string) (*client, error) {
	c := &client{timeout: defaultTimeout}
	if timeout != "" {
		// crictl takes durations, and plain numbers as seconds.
		parsed, err := time.ParseDuration(timeout)
		if err != nil {
			if parsed, err = time.ParseDuration(timeout + "s"); err != nil {
				return nil, fmt.Errorf("invalid value %q for flag -timeout", timeout)
			}
		}
		if parsed > 0 {
			c.timeout = parsed
		}
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "unix://" + endpoint
	}
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestMessage)))
	if err != nil {
		return nil, err
	}
	c.runtime, c.images = cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)
	ctx, cancel := c.call()
	defer cancel()
	if _, err := c.runtime.Version(ctx, &cri.VersionRequest{}); err != nil {
		return nil, fmt.Errorf("validate service connection: validate CRI v1 runtime API for endpoint %q: %w", endpoint, err)
	}
	return c, nil
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {}
	return flags
}

// parse allows flags after positional arguments, as crictl does.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var positional []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional, args = append(positional, flags.Arg(0)), flags.Args()[1:]
	}
}
