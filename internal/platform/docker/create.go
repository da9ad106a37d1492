package docker

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/release"
	"cutover/internal/snapshot"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

const (
	// filesTarget is where the artefact's files are inside a container,
	// secretsTarget where secrets that lie in files are.
	filesTarget   = "/run/cutover/files"
	secretsTarget = "/run/secrets"
	// hostPorts is the range that published ports come from: below that of
	// outgoing connections, and apart from that of plain processes. The daemon
	// takes a free one.
	hostPorts = "30000-32767"
)

// launch creates the next instance of the order and starts it. A crash in
// between leaves a container that a later Start starts.
func (v *visit) launch(ctx context.Context, d *daemon, order release.StartOrder, files string) error {
	number, err := v.next()
	if err != nil {
		return err
	}
	a := order.Artefact
	s := slot{
		daemon: d, number: number, fence: order.Fence, id: fmt.Sprintf("%s-%d", order.Side, number), app: order.App,
		side: order.Side, component: order.Component, version: order.Version, digest: order.Digest,
		spec: spec{Health: a.Health, Stop: a.Stop, Port: a.Container.Port, Direct: a.Container.Direct, Refs: environ.References(a)},
	}
	if err := v.p.notesOf(s).writeRun(runNote{Boot: v.p.boot}); err != nil {
		return err
	}
	if s.container, err = v.create(ctx, s, order, files); err != nil {
		return fmt.Errorf("create %s: %w", s.id, err)
	}
	return v.run(ctx, s, 0)
}

func (v *visit) create(ctx context.Context, s slot, order release.StartOrder, files string) (string, error) {
	o, err := v.p.options(order, files, s.id)
	if err != nil {
		return "", err
	}
	if o.Config.Labels, err = s.labels(v.house, order.Key); err != nil {
		return "", err
	}
	// The daemon itself refuses a second container of this name.
	o.Name = fmt.Sprintf("cutover-%.6s-%s-%s", v.house, s.app, s.id)
	ctx, cancel := bounded(ctx)
	defer cancel()
	made, err := s.daemon.ContainerCreate(ctx, o)
	if err != nil {
		return "", s.daemon.explain("ask for a container", err)
	}
	for _, name := range order.Artefact.Container.Networks[min(1, len(order.Artefact.Container.Networks)):] {
		if _, err := s.daemon.NetworkConnect(ctx, name, client.NetworkConnectOptions{Container: made.ID}); err != nil {
			err = s.daemon.explain("join the network "+name, err)
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
	fill := placeholders(order)
	env, err := p.environment(order, id)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	signal, err := stopSignal(a.Stop)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	config := &container.Config{
		Image: c.Pinned, User: c.User, Env: env, WorkingDir: a.Dir, StopSignal: signal,
		// Readiness is asked by cutover itself, for all platforms alike.
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
	}
	for _, arg := range a.Command {
		config.Cmd = append(config.Cmd, fill.Replace(arg))
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
		list = append(list, mount.Mount{Type: mount.TypeBind, Source: files, Target: filesTarget, ReadOnly: true})
	}
	for _, v := range a.Env {
		if path, ok := secretFile(a, v); ok {
			list = append(list, mount.Mount{Type: mount.TypeBind, Source: path, Target: secretsTarget + "/" + v.Name, ReadOnly: true})
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

// placeholders replaces what a command may leave open.
func placeholders(order release.StartOrder) *strings.Replacer {
	return strings.NewReplacer(
		"{{port}}", strconv.Itoa(order.Artefact.Container.Port),
		"{{version}}", order.Version,
		"{{app}}", order.App,
		"{{side}}", string(order.Side),
		"{{files}}", filesTarget,
	)
}

// environment puts an instance's variables together, sorted by name; those of
// the image come before them all. Later ones win: the file, PORT, Env, and
// what says who the instance is.
func (p *Platform) environment(order release.StartOrder, id string) ([]string, error) {
	a := order.Artefact
	set := map[string]string{}
	if a.EnvFile.Digest != "" {
		content, err := snapshot.ReadFrom(p.opt.Snapshots, a.EnvFile)
		if err != nil {
			return nil, err
		}
		if err := environ.AddFile(set, a.EnvFile.Name, string(content)); err != nil {
			return nil, err
		}
	}
	if a.Container.Port > 0 {
		set["PORT"] = strconv.Itoa(a.Container.Port)
	}
	var vars []release.EnvVar
	for _, v := range a.Env {
		if _, mounted := secretFile(a, v); mounted {
			// What cannot be read now could not be read later.
			if _, err := environ.Resolve(v.Ref); err != nil {
				return nil, fmt.Errorf("resolve %s: %w", v.Name, err)
			}
			set[v.Name+"_FILE"] = secretsTarget + "/" + v.Name
			continue
		}
		vars = append(vars, v)
	}
	if err := environ.Add(set, vars, placeholders(order)); err != nil {
		return nil, err
	}
	environ.Identify(set, order, id)
	return environ.List(set)
}

// layFiles puts the artefact's files into a folder of their own and returns
// it. Any user of a container may read them, and on this machine nobody gets
// to them through the private folders above. The caller has the app's lock.
func (p *Platform) layFiles(order release.StartOrder) (string, error) {
	folder := filepath.Join(p.at.files(order.App), order.Digest)
	return folder, snapshot.Lay(p.opt.Snapshots, folder, order.Artefact.Files, 0o755, 0o444)
}
