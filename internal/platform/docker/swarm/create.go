package swarm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	apicontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// restartAfter is how long Swarm waits before it replaces a task that ended.
const restartAfter = 2 * time.Second

// launch creates the service of the next instance. Swarm launches its task.
func (v *visit) launch(ctx context.Context, d *daemon.Daemon, order release.StartOrder) (slot, error) {
	number, err := v.Next()
	if err != nil {
		return slot{}, err
	}
	s := slot{daemon: d, mark: v.Mark, Badge: badge.Of(order, number), replicas: 1}
	if err := v.create(ctx, &s, order); err != nil {
		return s, fmt.Errorf("create %s: %w", s.ID, err)
	}
	v.p.opt.Logger.Info("instance launched", "app", s.App, "instance", s.ID, "version", s.Version, "service", s.service)
	return s, nil
}

// create makes the service after everything it refers to. What a crash in
// between leaves is removed by the next Stop: it bears the instance's ID.
func (v *visit) create(ctx context.Context, s *slot, order release.StartOrder) error {
	spec, err := v.p.spec(order, s.ID)
	if err != nil {
		return err
	}
	spec.Name = serviceName(v.Mark, s.App, s.ID)
	if spec.Labels, err = s.Labels(v.Mark, order.Key); err != nil {
		return err
	}
	inside := spec.TaskTemplate.ContainerSpec
	if inside.Secrets, err = v.secrets(ctx, *s, order, spec.Name); err != nil {
		return err
	}
	if inside.Configs, err = v.configs(ctx, *s, order, spec.Name); err != nil {
		return err
	}
	// The nodes show this to the registry, whenever they have to pull.
	auth, err := daemon.Credentials(ctx, inside.Image)
	if err != nil {
		return err
	}
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	made, err := s.daemon.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: spec, EncodedRegistryAuth: auth})
	if err != nil {
		return explain(s.daemon, "ask for a service", err)
	}
	s.service = made.ID
	return nil
}

// plainName is what may stand in the name of a service as it is.
var plainName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,22}[A-Za-z0-9])?$`)

// serviceName names the service of an instance; Swarm itself refuses a second
// one of this name. It has at most 55 characters: Swarm takes 63 for a service,
// and what belongs to it gets a few more.
func serviceName(mark, app, id string) string {
	if !plainName.MatchString(app) {
		sum := sha256.Sum256([]byte(app))
		app = hex.EncodeToString(sum[:8])
	}
	return fmt.Sprintf("cutover-%.6s-%s-%s", mark, app, id)
}

// spec says what the service of one instance is like, but for its name, its
// labels and what it refers to. The result holds the values of secrets: it must
// never be stored, logged or put into an error.
func (p *Platform) spec(order release.StartOrder, id string) (swarm.ServiceSpec, error) {
	a, c := order.Artefact, order.Artefact.Container
	env, err := interior.Environment(order, id, p.opt.Snapshots, func(release.EnvVar) bool { return c.SecretFiles })
	if err != nil {
		return swarm.ServiceSpec{}, err
	}
	for i := range env {
		env[i] = verbatim(env[i])
	}
	signal, err := interior.StopSignal(a.Stop)
	if err != nil {
		return swarm.ServiceSpec{}, err
	}
	grace, pause := wholeSeconds(a.Stop.Grace), restartAfter
	task := swarm.TaskSpec{
		ContainerSpec: &swarm.ContainerSpec{
			Image: c.Pinned, Args: interior.Command(order), Env: env, Dir: a.Dir, User: c.User, Mounts: mounts(c.Mounts),
			StopSignal: signal, StopGracePeriod: &grace,
			Labels: map[string]string{badge.LabelApp: order.App, badge.LabelInstance: id},
			// Readiness is asked by cutover itself, for all platforms alike.
			Healthcheck: &apicontainer.HealthConfig{Test: []string{"NONE"}},
		},
		Resources:     &swarm.ResourceRequirements{Limits: &swarm.Limit{NanoCPUs: int64(c.CPUs * 1e9), MemoryBytes: c.Memory}},
		RestartPolicy: &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionAny, Delay: &pause},
	}
	for _, name := range c.Networks {
		task.Networks = append(task.Networks, swarm.NetworkAttachmentConfig{Target: name})
	}
	return swarm.ServiceSpec{TaskTemplate: task, Mode: replicated(1), EndpointSpec: endpoint(c.Port)}, nil
}

// endpoint publishes the port on the very node that runs the task, under a
// number that the node chooses: the routing mesh would spread requests over
// nodes without regard to which instance is ready or drained.
func endpoint(port int) *swarm.EndpointSpec {
	out := &swarm.EndpointSpec{Mode: swarm.ResolutionModeDNSRR}
	if port > 0 {
		out.Ports = []swarm.PortConfig{{Protocol: "tcp", TargetPort: uint32(port), PublishMode: swarm.PortConfigPublishModeHost}}
	}
	return out
}

// wholeSeconds rounds a grace up: Swarm counts nothing smaller.
func wholeSeconds(d time.Duration) time.Duration {
	return (max(d, 0) + time.Second - 1).Truncate(time.Second)
}

// verbatim keeps Swarm from taking text for a template of its own.
func verbatim(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

func mounts(all []release.Mount) []mount.Mount {
	var list []mount.Mount
	for _, m := range all {
		kind := mount.TypeVolume
		if filepath.IsAbs(m.Source) {
			kind = mount.TypeBind
		}
		list = append(list, mount.Mount{Type: kind, Source: verbatim(m.Source), Target: verbatim(m.Target), ReadOnly: m.ReadOnly})
	}
	return list
}
