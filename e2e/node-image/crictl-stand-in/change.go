package main

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// runPod makes a sandbox of the configuration in a file, which is JSON here. The stand-in gives it longer than other calls.
func runPod(c *client, args []string) error {
	return each(args, "Made sandbox of", func(file string) error {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		config := &cri.PodSandboxConfig{}
		if err := protojson.Unmarshal(text, config); err != nil {
			return fmt.Errorf("load pod sandbox config: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), makingTimeout)
		defer cancel()
		_, err = c.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
		return err
	})
}

func removeImages(c *client, args []string) error {
	return each(args, "Deleted:", func(name string) error {
		ctx, cancel := c.call()
		defer cancel()
		_, err := c.images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: name}})
		return err
	})
}

func stopPods(c *client, args []string) error {
	return each(args, "Stopped sandbox", func(id string) error {
		ctx, cancel := c.call()
		defer cancel()
		_, err := c.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id})
		return err
	})
}

func removePods(c *client, args []string) error {
	return each(args, "Removed sandbox", func(id string) error {
		ctx, cancel := c.call()
		defer cancel()
		_, err := c.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id})
		return err
	})
}

func each(args []string, done string, act func(string) error) error {
	flags := newFlags("pods")
	// containerd removes a running sandbox as well, so that -f changes nothing.
	for _, name := range []string{"force", "f"} {
		_ = flags.Bool(name, false, "")
	}
	ids, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("ID cannot be empty")
	}
	for _, id := range ids {
		if err := act(id); err != nil {
			return err
		}
		fmt.Printf("%s %s\n", done, id)
	}
	return nil
}
