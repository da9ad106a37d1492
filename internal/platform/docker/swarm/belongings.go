package swarm

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/environ"
	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"
	"cutover/internal/snapshot"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

const (
	// readable is the mode of what lies in files: any user of a container may
	// read its own.
	readable = 0o444
	// largest is the size in bytes of what every Swarm keeps as one secret or
	// configuration file.
	largest = 500_000
)

// secrets hands the order's secrets to the swarm, each as one of its own, and
// returns how they get into the container. Without SecretFiles there are none.
func (v *visit) secrets(ctx context.Context, s slot, order release.StartOrder, name string) ([]*swarm.SecretReference, error) {
	var list []*swarm.SecretReference
	for _, e := range order.Artefact.Env {
		if e.Ref == "" || !order.Artefact.Container.SecretFiles {
			continue
		}
		value, err := secretOf(e)
		if err != nil {
			return nil, err
		}
		full := fmt.Sprintf("%s.s%d", name, len(list)+1)
		id, err := makeSecret(ctx, s.daemon, swarm.SecretSpec{Annotations: v.belongs(s, full), Data: []byte(value)})
		if err != nil {
			return nil, explain(s.daemon, "hand the secret "+e.Name+" to the swarm", err)
		}
		list = append(list, &swarm.SecretReference{SecretID: id, SecretName: full,
			File: &swarm.SecretReferenceFileTarget{Name: e.Name, UID: "0", GID: "0", Mode: readable}})
	}
	return list, nil
}

// secretOf resolves a secret that is to lie in a file.
func secretOf(e release.EnvVar) (string, error) {
	value, err := environ.Resolve(e.Ref)
	if err == nil && value == "" {
		err = errors.New("it is empty, and a swarm keeps no empty secret: give it a value, or leave it out")
	}
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", e.Name, err)
	}
	return value, nil
}

// configs hands the order's files to the swarm, so that they are there on
// whichever node the task runs.
func (v *visit) configs(ctx context.Context, s slot, order release.StartOrder, name string) ([]*swarm.ConfigReference, error) {
	var list []*swarm.ConfigReference
	for _, file := range order.Artefact.Files {
		data, err := snapshot.ReadFrom(v.p.opt.Snapshots, file)
		if err != nil {
			return nil, err
		}
		full := fmt.Sprintf("%s.c%d", name, len(list)+1)
		id, err := makeConfig(ctx, s.daemon, swarm.ConfigSpec{Annotations: v.belongs(s, full), Data: data})
		if err != nil {
			return nil, explain(s.daemon, "hand the file "+file.Name+" to the swarm", err)
		}
		list = append(list, &swarm.ConfigReference{ConfigID: id, ConfigName: full,
			File: &swarm.ConfigReferenceFileTarget{Name: interior.Files + "/" + file.Name, UID: "0", GID: "0", Mode: readable}})
	}
	return list, nil
}

// belongs marks something as part of an instance.
func (v *visit) belongs(s slot, name string) swarm.Annotations {
	return swarm.Annotations{Name: name, Labels: map[string]string{badge.LabelHouse: v.Mark, badge.LabelApp: s.App, badge.LabelInstance: s.ID}}
}

func makeSecret(ctx context.Context, d *daemon.Daemon, spec swarm.SecretSpec) (string, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	made, err := d.SecretCreate(ctx, client.SecretCreateOptions{Spec: spec})
	return made.ID, err
}

func makeConfig(ctx context.Context, d *daemon.Daemon, spec swarm.ConfigSpec) (string, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	made, err := d.ConfigCreate(ctx, client.ConfigCreateOptions{Spec: spec})
	return made.ID, err
}

// dropBelongings removes the secrets and files of instances that have no
// service any more. The caller must be on a visit.
func (v *visit) dropBelongings(ctx context.Context, d *daemon.Daemon, app string) error {
	left := map[string]bool{}
	for _, s := range v.All {
		left[s.ID] = true
	}
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	secrets, err := d.SecretList(ctx, client.SecretListOptions{Filters: owned(v.Mark, app)})
	if err != nil {
		return explain(d, "list the secrets of "+app, err)
	}
	configs, err := d.ConfigList(ctx, client.ConfigListOptions{Filters: owned(v.Mark, app)})
	if err != nil {
		return explain(d, "list the files of "+app, err)
	}
	var failed []error
	for _, s := range secrets.Items {
		if !left[s.Spec.Labels[badge.LabelInstance]] {
			_, err := d.SecretRemove(ctx, s.ID, client.SecretRemoveOptions{})
			failed = append(failed, dropped(d, "remove the secret "+s.Spec.Name, err))
		}
	}
	for _, c := range configs.Items {
		if !left[c.Spec.Labels[badge.LabelInstance]] {
			_, err := d.ConfigRemove(ctx, c.ID, client.ConfigRemoveOptions{})
			failed = append(failed, dropped(d, "remove the file "+c.Spec.Name, err))
		}
	}
	return errors.Join(failed...)
}

// dropped makes no error of what is gone already.
func dropped(d *daemon.Daemon, what string, err error) error {
	if daemon.Gone(err) {
		return nil
	}
	return explain(d, what, err)
}
