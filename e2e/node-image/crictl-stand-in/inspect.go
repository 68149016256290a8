package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func showVersions(c *client, _ []string) error {
	ctx, cancel := c.call()
	defer cancel()
	answer, err := c.runtime.Version(ctx, &cri.VersionRequest{})
	if err != nil {
		return err
	}
	fmt.Printf("Version:  %s\nRuntimeName:  %s\nRuntimeVersion:  %s\nRuntimeApiVersion:  %s\n",
		answer.Version, answer.RuntimeName, answer.RuntimeVersion, answer.RuntimeApiVersion)
	return nil
}

// showStatus prints what crictl info does: the runtime's status, and its own JSON beside that.
func showStatus(c *client, _ []string) error {
	ctx, cancel := c.call()
	defer cancel()
	answer, err := c.runtime.Status(ctx, &cri.StatusRequest{Verbose: true})
	if err != nil {
		return fmt.Errorf("status of the runtime: %w", err)
	}
	joined, err := document(answer.Status, answer.Info)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(joined, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

func inspectPods(c *client, args []string) error {
	return inspect(args, func(id string, verbose bool) (proto.Message, map[string]string, error) {
		ctx, cancel := c.call()
		defer cancel()
		answer, err := c.runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id, Verbose: verbose})
		if err != nil {
			return nil, nil, fmt.Errorf("get the status of pod sandboxes: get pod sandbox status: %w", err)
		}
		return answer.Status, answer.Info, nil
	})
}

func inspectContainers(c *client, args []string) error {
	return inspect(args, func(id string, verbose bool) (proto.Message, map[string]string, error) {
		ctx, cancel := c.call()
		defer cancel()
		answer, err := c.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id, Verbose: verbose})
		if err != nil {
			return nil, nil, fmt.Errorf("get the status of containers: get container status: %w", err)
		}
		return answer.Status, answer.Info, nil
	})
}

// inspect prints one object for one id and an array for several, and prints nothing when one of them fails.
func inspect(args []string, status func(string, bool) (proto.Message, map[string]string, error)) error {
	flags := newFlags("inspect")
	var output string
	var quiet bool
	for _, name := range []string{"output", "o"} {
		flags.StringVar(&output, name, "json", "")
	}
	for _, name := range []string{"quiet", "q"} {
		flags.BoolVar(&quiet, name, false, "")
	}
	ids, err := parse(flags, args)
	if err != nil {
		return err
	}
	if output != "json" {
		return fmt.Errorf("unsupported output format %q", output)
	}
	if len(ids) == 0 {
		return fmt.Errorf("the stand-in for crictl inspects by id alone: name at least one")
	}
	documents := []any{}
	for _, id := range ids {
		message, info, err := status(id, !quiet)
		if err != nil {
			return err
		}
		document, err := document(message, info)
		if err != nil {
			return err
		}
		documents = append(documents, document)
	}
	var printed any = documents
	if len(documents) == 1 {
		printed = documents[0]
	}
	text, err := json.MarshalIndent(printed, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

// document joins status and the runtime's own JSON. Times become RFC3339 text with nanoseconds in the local zone.
func document(message proto.Message, info map[string]string) (map[string]any, error) {
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	status := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&status); err != nil {
		return nil, err
	}
	for _, field := range []string{"createdAt", "startedAt", "finishedAt"} {
		nanoseconds, ok := status[field].(string)
		if !ok {
			continue
		}
		value, err := strconv.ParseInt(nanoseconds, 10, 64)
		if err != nil {
			return nil, err
		}
		status[field] = time.Time{}.Format(time.RFC3339Nano)
		if value != 0 {
			status[field] = time.Unix(0, value).Format(time.RFC3339Nano)
		}
	}
	joined := map[string]any{"status": status}
	for key, value := range info {
		var parsed any
		// Not JSON: shown as the text it is. Numbers become float64, as in crictl, and lose digits above 2^53.
		if json.Unmarshal([]byte(value), &parsed) != nil {
			parsed = value
		}
		joined[key] = parsed
	}
	return joined, nil
}
