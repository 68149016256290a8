package main

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const shortID = 13

type listFlags struct {
	output, id, name, namespace, state, pod string
	quiet, all                              bool
	labels                                  labels
}

type labels map[string]string

func (l labels) String() string { return "" }

func (l labels) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || strings.Contains(value, "=") {
		return fmt.Errorf("incorrectly formatted label: %v", text)
	}
	l[key] = value
	return nil
}

func parseList(command string, args []string) (*listFlags, error) {
	l := &listFlags{labels: labels{}}
	flags := newFlags(command)
	for _, name := range []string{"output", "o"} {
		flags.StringVar(&l.output, name, "table", "")
	}
	for _, name := range []string{"quiet", "q"} {
		flags.BoolVar(&l.quiet, name, false, "")
	}
	for _, name := range []string{"all", "a"} {
		flags.BoolVar(&l.all, name, false, "")
	}
	for _, name := range []string{"pod", "p"} {
		flags.StringVar(&l.pod, name, "", "")
	}
	for _, name := range []string{"state", "s"} {
		flags.StringVar(&l.state, name, "", "")
	}
	flags.StringVar(&l.id, "id", "", "")
	flags.StringVar(&l.name, "name", "", "")
	flags.StringVar(&l.namespace, "namespace", "", "")
	flags.Var(l.labels, "label", "")
	if _, err := parse(flags, args); err != nil {
		return nil, err
	}
	if l.output != "json" && l.output != "table" {
		return nil, fmt.Errorf("unsupported output format %q", l.output)
	}
	for _, expression := range []string{l.name, l.namespace} {
		if _, err := regexp.Compile(expression); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func listPods(c *client, args []string) error {
	l, err := parseList("pods", args)
	if err != nil {
		return err
	}
	filter := &cri.PodSandboxFilter{Id: l.id, LabelSelector: l.labels}
	switch strings.ToLower(l.state) {
	case "":
	case "ready":
		filter.State = &cri.PodSandboxStateValue{State: cri.PodSandboxState_SANDBOX_READY}
	case "notready":
		filter.State = &cri.PodSandboxStateValue{State: cri.PodSandboxState_SANDBOX_NOTREADY}
	default:
		return fmt.Errorf("--state should be ready or notready")
	}
	ctx, cancel := c.call()
	defer cancel()
	answer, err := c.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{Filter: filter})
	if err != nil {
		return fmt.Errorf("listing pod sandboxes: %w", err)
	}
	kept := []*cri.PodSandbox{}
	for _, item := range answer.Items {
		if matches(l.name, item.GetMetadata().GetName()) && matches(l.namespace, item.GetMetadata().GetNamespace()) {
			kept = append(kept, item)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].CreatedAt > kept[j].CreatedAt })
	rows := [][]string{{"POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"}}
	ids := []string{}
	for _, item := range kept {
		state := map[bool]string{true: "Ready", false: "NotReady"}[item.State == cri.PodSandboxState_SANDBOX_READY]
		rows = append(rows, []string{cut(item.Id), age(item.CreatedAt), state, item.Metadata.Name, item.Metadata.Namespace,
			fmt.Sprint(item.Metadata.Attempt), first(item.RuntimeHandler, "(default)")})
		ids = append(ids, item.Id)
	}
	return show(l, &cri.ListPodSandboxResponse{Items: kept}, ids, rows)
}

func listContainers(c *client, args []string) error {
	l, err := parseList("ps", args)
	if err != nil {
		return err
	}
	filter := &cri.ContainerFilter{Id: l.id, PodSandboxId: l.pod, LabelSelector: l.labels}
	wanted := strings.ToLower(l.state)
	if wanted == "" && !l.all {
		wanted = "running"
	}
	if wanted != "" {
		state, known := cri.ContainerState_value["CONTAINER_"+strings.ToUpper(wanted)]
		if !known {
			return fmt.Errorf("--state should be one of created, running, exited or unknown")
		}
		filter.State = &cri.ContainerStateValue{State: cri.ContainerState(state)}
	}
	ctx, cancel := c.call()
	defer cancel()
	answer, err := c.runtime.ListContainers(ctx, &cri.ListContainersRequest{Filter: filter})
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	kept := []*cri.Container{}
	for _, item := range answer.Containers {
		if matches(l.name, item.GetMetadata().GetName()) &&
			matches(l.namespace, item.Labels["io.kubernetes.pod.namespace"]) {
			kept = append(kept, item)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].CreatedAt > kept[j].CreatedAt })
	rows := [][]string{{"CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"}}
	ids := []string{}
	for _, item := range kept {
		state := strings.TrimPrefix(item.State.String(), "CONTAINER_")
		rows = append(rows, []string{cut(item.Id), cut(item.GetImage().GetImage()), age(item.CreatedAt),
			state[:1] + strings.ToLower(state[1:]), item.Metadata.Name, fmt.Sprint(item.Metadata.Attempt),
			cut(item.PodSandboxId), item.Labels["io.kubernetes.pod.name"], item.Labels["io.kubernetes.pod.namespace"]})
		ids = append(ids, item.Id)
	}
	return show(l, &cri.ListContainersResponse{Containers: kept}, ids, rows)
}

func listImages(c *client, args []string) error {
	l, err := parseList("images", args)
	if err != nil {
		return err
	}
	ctx, cancel := c.call()
	defer cancel()
	answer, err := c.images.ListImages(ctx, &cri.ListImagesRequest{})
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	rows := [][]string{{"IMAGE", "IMAGE ID", "SIZE"}}
	ids := []string{}
	for _, image := range answer.Images {
		rows = append(rows, []string{strings.Join(image.RepoTags, ","), cut(strings.TrimPrefix(image.Id, "sha256:")),
			fmt.Sprint(image.Size)})
		ids = append(ids, image.Id)
	}
	return show(l, &cri.ListImagesResponse{Images: answer.Images}, ids, rows)
}

func show(l *listFlags, message proto.Message, ids []string, rows [][]string) error {
	switch {
	case l.output == "json":
		text, err := protojson.MarshalOptions{EmitDefaultValues: true, Multiline: true, Indent: "  "}.Marshal(message)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	case l.quiet:
		for _, id := range ids {
			fmt.Println(id)
		}
	default:
		table := tabwriter.NewWriter(os.Stdout, 20, 1, 3, ' ', 0)
		for _, row := range rows {
			fmt.Fprintln(table, strings.Join(row, "\t"))
		}
		return table.Flush()
	}
	return nil
}

func matches(expression, text string) bool {
	return expression == "" || regexp.MustCompile(expression).MatchString(text)
}

func cut(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	if len(id) > shortID {
		return id[:shortID]
	}
	return id
}

func age(nanoseconds int64) string {
	return time.Since(time.Unix(0, nanoseconds)).Round(time.Second).String() + " ago"
}
