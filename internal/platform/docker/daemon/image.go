package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutover/internal/release"

	"github.com/moby/moby/client"
)

// pullWithin bounds the download of an image.
const pullWithin = 15 * time.Minute

// Resolve returns what pins the content that image means now to the daemon at
// socket: NAME@sha256:... if a registry knows it by that, else the image's ID.
// An image the daemon does not have is pulled first.
func Resolve(ctx context.Context, socket, image string) (pinned string, err error) {
	all := NewSet()
	defer func() { err = errors.Join(err, all.Close()) }()
	d, err := all.At(socket)
	if err != nil {
		return "", err
	}
	found, err := d.Obtain(ctx, image)
	if err != nil {
		return "", err
	}
	name, digest, exact := strings.Cut(image, "@")
	name = withoutTag(name)
	if exact {
		return name + "@" + digest, nil
	}
	for _, known := range found.RepoDigests {
		if strings.HasPrefix(known, name+"@") {
			return known, nil
		}
	}
	return found.ID, nil
}

// withoutTag drops the tag of a name. A colon before a slash is that of a port.
func withoutTag(name string) string {
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') && !strings.HasPrefix(name, "sha256:") {
		return name[:i]
	}
	return name
}

// Obtain returns the image, after pulling it if the daemon does not have it.
func (d *Daemon) Obtain(ctx context.Context, image string) (client.ImageInspectResult, error) {
	found, err := d.image(ctx, image)
	if !Gone(err) {
		return found, d.Explain("look for the image "+image, err)
	}
	if strings.HasPrefix(image, "sha256:") {
		return found, fmt.Errorf("the image %s is not there any more, and only its ID is known: build or load it again with the same content", image)
	}
	if err := d.pull(ctx, image); err != nil {
		return found, unpulled(image, err)
	}
	found, err = d.image(ctx, image)
	return found, d.Explain("look for the image "+image, err)
}

// unpulled says what can be done about an image that could not be pulled.
func unpulled(image string, err error) error {
	cure := "build, load or docker pull it, or correct its name"
	if text := strings.ToLower(err.Error()); strings.Contains(text, "no basic auth credentials") || strings.Contains(text, "unauthorized") || strings.Contains(text, "access denied") {
		cure = "its registry wants other credentials: run docker login " + registryOf(image) + " as the user that cutover runs as, or correct the image's name"
	}
	return fmt.Errorf("the image %s is not there, and pulling it failed: %s: %w", image, cure, err)
}

func (d *Daemon) image(ctx context.Context, image string) (client.ImageInspectResult, error) {
	ctx, cancel := Bounded(ctx)
	defer cancel()
	return d.ImageInspect(ctx, image)
}

func (d *Daemon) pull(ctx context.Context, image string) error {
	ctx, cancel := context.WithTimeout(ctx, pullWithin)
	defer cancel()
	auth, err := Credentials(ctx, image)
	if err != nil {
		return err
	}
	under, err := d.ImagePull(ctx, image, client.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	defer under.Close()
	return under.Wait(ctx)
}

// Moved adds to an error that says a pinned image is missing what its tag means
// now, if that is something else: that is never run in the place of what was
// planned.
func (d *Daemon) Moved(ctx context.Context, c *release.Container, missing error) error {
	if now, err := d.image(ctx, c.Image); err == nil {
		return fmt.Errorf("%s meant %s when the release was planned and means %s now, which is not run in its place: bring the planned image back, or plan a release anew: %w", c.Image, c.Pinned, now.ID, missing)
	}
	return missing
}
