package docker

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"
	"cutover/internal/snapshot"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// hostPorts is the range that published ports come from: below that of
// outgoing connections, and apart from that of plain processes. The daemon
// takes a free one.
const hostPorts = "30000-32767"

// launch creates the next instance of the order and starts it. A crash in
// between leaves a container that a later Start starts.
func (v *visit) launch(ctx context.Context, d *daemon.Daemon, order release.StartOrder, files string) error {
	number, err := v.Next()
	if err != nil {
		return err
	}
	s := slot{daemon: d, Badge: badge.Of(order, number)}
	if err := v.p.notesOf(s).writeRun(runNote{Boot: v.p.boot}); err != nil {
		return err
	}
	if s.container, err = v.create(ctx, s, order, files); err != nil {
		return fmt.Errorf("create %s: %w", s.ID, err)
	}
	return v.run(ctx, s, 0)
}

func (v *visit) create(ctx context.Context, s slot, order release.StartOrder, files string) (string, error) {
	o, err := v.p.options(order, files, s.ID)
	if err != nil {
		return "", err
	}
	if o.Config.Labels, err = s.Labels(v.Mark, order.Key); err != nil {
		return "", err
	}
	// The daemon itself refuses a second container of this name.
	o.Name = fmt.Sprintf("cutover-%.6s-%s-%s", v.Mark, s.App, s.ID)
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	made, err := s.daemon.ContainerCreate(ctx, o)
	if err != nil {
		return "", s.daemon.Explain("ask for a container", err)
	}
	for _, name := range order.Artefact.Container.Networks[min(1, len(order.Artefact.Container.Networks)):] {
		if _, err := s.daemon.NetworkConnect(ctx, name, client.NetworkConnectOptions{Container: made.ID}); err != nil {
			err = s.daemon.Explain("join the network "+name, err)
			if _, undone := s.daemon.ContainerRemove(ctx, made.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}); undone != nil {
				return "", fmt.Errorf("%w; and %s is left: %w", err, o.Name, undone)
			}
			return "", err
		}
	}
	return made.ID, nil
}

// options says what the container of one instance is like. The result holds
// the values of secrets: it must never be stored, logged or put into an error.
func (p *Platform) options(order release.StartOrder, files, id string) (client.ContainerCreateOptions, error) {
	a, c := order.Artefact, order.Artefact.Container
	env, err := interior.Environment(order, id, p.opt.Snapshots, func(v release.EnvVar) bool { _, ok := secretFile(a, v); return ok })
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	signal, err := interior.StopSignal(a.Stop)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	config := &container.Config{
		Image: c.Pinned, Cmd: interior.Command(order), User: c.User, Env: env, WorkingDir: a.Dir, StopSignal: signal,
		// Readiness is asked by cutover itself, for all platforms alike.
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
	}
	host := &container.HostConfig{
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
		Resources:     container.Resources{NanoCPUs: int64(c.CPUs * 1e9), Memory: c.Memory},
		Mounts:        mounts(a, files),
	}
	if c.Port > 0 {
		port, err := network.ParsePort(strconv.Itoa(c.Port))
		if err != nil {
			return client.ContainerCreateOptions{}, fmt.Errorf("the port: %w", err)
		}
		config.ExposedPorts = network.PortSet{port: {}}
		if !c.Direct {
			host.PortBindings = network.PortMap{port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: hostPorts}}}
		}
	}
	out := client.ContainerCreateOptions{Config: config, HostConfig: host}
	if len(c.Networks) > 0 {
		host.NetworkMode = container.NetworkMode(c.Networks[0])
		out.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{c.Networks[0]: {}}}
	}
	return out, nil
}

// mounts lists what the container sees of this machine.
func mounts(a release.Artefact, files string) []mount.Mount {
	var list []mount.Mount
	if len(a.Files) > 0 {
		list = append(list, mount.Mount{Type: mount.TypeBind, Source: files, Target: interior.Files, ReadOnly: true})
	}
	for _, v := range a.Env {
		if path, ok := secretFile(a, v); ok {
			list = append(list, mount.Mount{Type: mount.TypeBind, Source: path, Target: interior.Secrets + "/" + v.Name, ReadOnly: true})
		}
	}
	for _, m := range a.Container.Mounts {
		kind := mount.TypeVolume
		if filepath.IsAbs(m.Source) {
			kind = mount.TypeBind
		}
		list = append(list, mount.Mount{Type: kind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly})
	}
	return list
}

// secretFile returns the file that is mounted for a variable.
func secretFile(a release.Artefact, v release.EnvVar) (path string, ok bool) {
	path, file := strings.CutPrefix(v.Ref, "file:")
	return path, file && a.Container.SecretFiles
}

// layFiles puts the artefact's files into a folder of their own and returns
// it. Any user of a container may read them, and on this machine nobody gets
// to them through the private folders above. The caller has the app's lock.
func (p *Platform) layFiles(order release.StartOrder) (string, error) {
	folder := filepath.Join(p.at.Files(order.App), order.Digest)
	return folder, snapshot.Lay(p.opt.Snapshots, folder, order.Artefact.Files, 0o755, 0o444)
}
