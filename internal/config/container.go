package config

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"cutover/internal/release"
)

// imageForm is a reference of Docker: a name with an optional registry, tag
// and digest. Placeholders were filled in by then.
var imageForm = regexp.MustCompile(`^([A-Za-z0-9.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$|^sha256:[0-9a-f]{64}$`)

// validateContainer reports what cannot be run as a container.
func (c Component) validateContainer(tell report) {
	switch {
	case c.Image == "" && c.Compose == nil:
		tell("image", "it is missing", `add image: "shop:{{version}}", or write {{version}} in the image of every release`)
	case c.Image != "":
		checkImage(c.Image, "image", tell)
	}
	if c.Type == web && c.Port == 0 {
		tell("port", "it is missing", "add port: 8080, the port the program listens on inside its container")
	}
	if c.Dir != "." && c.Dir != "" && !path.IsAbs(c.Dir) {
		tell("dir", "it is a folder inside the container, and those begin with /", "write its whole path, or remove it to use the image's own")
	}
	for i, text := range c.Mounts {
		if _, ok := mountOf(text, "/"); !ok {
			tell(element("mounts", i), fmt.Sprintf("%q is not SOURCE:TARGET", printable(text)), `write one such as "./data:/data" or "cache:/cache:ro"`)
		}
	}
	for i, name := range c.Networks {
		if name == "" || strings.ContainsAny(name, " /:") || name == "host" || name == "none" {
			tell(element("networks", i), fmt.Sprintf("%q is not a network an instance can join", printable(name)), "write the name of one that docker network ls lists, other than host and none")
		}
	}
	c.Limits.validate(tell)
	c.Compose.validate(tell)
}

// refuseContainer reports what only containers have.
func (c Component) refuseContainer(tell report) {
	for key, set := range map[string]bool{
		"image": c.Image != "", "port": c.Port != 0, "networks": len(c.Networks) > 0, "mounts": len(c.Mounts) > 0,
		"user": c.User != "", "limits": c.Limits != Resources{}, "secretFiles": c.SecretFiles, "compose": c.Compose != nil,
	} {
		if set {
			tell(key, "only a container has one", "remove it, or write spec.runtime: {type: docker}")
		}
	}
}

// checkImage reports what cannot be the name of an image.
func checkImage(image, path string, tell report) {
	checkPlaceholders(image, path, pathPlaceholders, tell)
	if plain := fill(image, "app", "1.0"); !strings.Contains(plain, "{{") && !imageForm.MatchString(plain) {
		tell(path, fmt.Sprintf("%q is not the name of an image", printable(image)), `write one such as "registry.example.org/shop:{{version}}"`)
	}
}

// mountOf reads SOURCE:TARGET with an optional :ro or :rw. A source with a
// slash is a path, which starts from dir if it is relative; another is a volume.
func mountOf(text, dir string) (release.Mount, bool) {
	parts := strings.Split(text, ":")
	if len(parts) == 3 && (parts[2] == "ro" || parts[2] == "rw") {
		m, ok := mountOf(parts[0]+":"+parts[1], dir)
		m.ReadOnly = parts[2] == "ro"
		return m, ok
	}
	if len(parts) != 2 || parts[0] == "" || !path.IsAbs(parts[1]) {
		return release.Mount{}, false
	}
	source := parts[0]
	if strings.Contains(source, "/") || source == "." {
		source = absolute(source, dir)
	}
	return release.Mount{Source: source, Target: path.Clean(parts[1])}, true
}

// container says how a version of a component runs as a container, nil if it
// is no container. What image means now is found out and recorded.
func (a *App) container(ctx context.Context, r *Release, name string) (*release.Container, error) {
	run := a.Spec.Runtime
	if !run.containers() {
		return nil, nil
	}
	c, to := a.Spec.Components[name], r.Spec.To.of(name, a.front())
	image, doc, at := c.Image, a.doc, join(entry("spec.components", name), "image")
	if to.Image != "" {
		image, doc, at = to.Image, r.doc, r.imagePath(name, a.front())
	}
	out := &release.Container{
		Socket: run.socket(), Image: fill(image, a.Metadata.Name, string(r.Spec.To.Version)), Port: c.Port, Direct: run.Reach == "direct",
		Networks: c.Networks, User: c.User, SecretFiles: c.SecretFiles,
	}
	out.CPUs, _ = c.Limits.cpus()
	out.Memory, _ = c.Limits.memory()
	for _, text := range c.Mounts {
		m, _ := mountOf(text, a.doc.source.dir) // validated
		out.Mounts = append(out.Mounts, m)
	}
	if !imageForm.MatchString(out.Image) {
		return nil, Problems{{Place: doc.at(at), Path: at, Reason: fmt.Sprintf("%q is not the name of an image", printable(out.Image)), Cure: "correct it, or the version that is filled in"}}
	}
	if a.resolve == nil {
		return out, nil
	}
	var err error
	if out.Pinned, err = a.resolve(ctx, out.Socket, out.Image); err != nil {
		return nil, Problems{{Place: doc.at(at), Path: at, Reason: err.Error(), Cure: "see what the Docker daemon says, and plan again"}}
	}
	return out, nil
}

// imagePath is where a release writes the image of a component.
func (r *Release) imagePath(name, front string) string {
	if name == front {
		return "spec.to.image"
	}
	return join(entry("spec.to.components", name), "image")
}

// folder is the component's folder: one of this machine for a process, one
// inside the container otherwise, "" for the image's own.
func (r Runtime) folder(dir, version, app, from string) string {
	if !r.containers() {
		return absolute(fill(dir, app, version), from)
	}
	if dir == "." || dir == "" {
		return ""
	}
	return filepath.Clean(fill(dir, app, version))
}

// loose reports whether an image is named by a tag that is made to move.
func loosely(image string) bool {
	name, _, pinned := strings.Cut(image, "@")
	tag := name[strings.LastIndexByte(name, '/')+1:]
	_, tag, tagged := strings.Cut(tag, ":")
	return !pinned && !strings.HasPrefix(image, "sha256:") && (!tagged || tag == "latest")
}

// image warns of images that mean something else tomorrow.
func (l lint) image(image, path string) {
	switch {
	case image == "" || strings.Contains(image, "@") || strings.HasPrefix(image, "sha256:"):
	case loosely(image):
		l.warn("moving-image", path, image+" means another version whenever somebody pushes one; a release runs what it meant when it was planned", "write a tag of the version's own, or name@sha256:...")
	case !strings.Contains(image, "{{version}}"):
		l.warn("unpinned-image", path, image+" can be changed by whoever may push to it; a release runs what it meant when it was planned", "write name@sha256:... if that matters")
	}
}

// validateImages reports images of a release whose app has none.
func (r *Release) validateImages(a *App) {
	if a.Spec.Runtime.containers() {
		return
	}
	const reason, cure = "the app does not run in containers", "remove it, or write runtime: {type: docker} in the app's spec"
	if r.Spec.To.Image != "" {
		r.doc.report("spec.to.image", reason, cure)
	}
	for name, c := range r.Spec.To.Components {
		if c.Image != "" {
			r.doc.report(join(entry("spec.to.components", name), "image"), reason, cure)
		}
	}
}
