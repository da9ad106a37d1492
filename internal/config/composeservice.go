package config

import (
	"fmt"
	"slices"
	"strings"
)

// composeService collects what a service says as a component of its own.
type composeService struct {
	file composeFile
	path string
	c    Component
	// networked says that the service names its networks.
	networked bool
}

// without lists the keys of a service that need not be taken over: cutover
// does it itself, for every instance alike, or it concerns Compose alone.
var without = []string{
	"container_name", "ports", "expose", "restart", "depends_on", "labels", "healthcheck", "build", "pull_policy", "profiles", "scale", "logging", "hostname",
}

// composeKeys lists the keys that are taken over.
var composeKeys = []string{
	"image", "command", "environment", "networks", "volumes", "user", "working_dir", "stop_signal", "stop_grace_period", "cpus", "mem_limit", "deploy",
}

func (s *composeService) take(p pair) {
	v, at := p.value, join(s.path, p.key)
	if slices.Contains(without, p.key) || strings.HasPrefix(p.key, "x-") {
		return
	}
	if !slices.Contains(composeKeys, p.key) {
		s.file.refuse(p.line, p.column, at, "cutover does not take "+printable(p.key)+" over from a Compose file", "remove it, or describe the component in the app file without compose")
		return
	}
	if s.interpolated(v, at) {
		return
	}
	switch p.key {
	case "image":
		s.c.Image = v.text
	case "command":
		s.command(v, at)
	case "environment":
		s.environment(v, at)
	case "networks":
		s.networks(v, at)
	case "volumes":
		s.volumes(v, at)
	case "user":
		s.c.User = v.text
	case "working_dir":
		s.c.Dir = v.text
	case "stop_signal":
		s.c.Stop.Signal = strings.TrimPrefix(v.text, "SIG")
	case "stop_grace_period":
		if err := s.c.Stop.Grace.fromText(v.text); err != nil {
			reason, cure := explain(err, "write a duration such as 30s")
			s.file.refuse(v.line, v.column, at, reason, cure)
		}
	case "cpus":
		s.c.Limits.CPUs = Text(v.text)
	case "mem_limit":
		s.c.Limits.Memory = Text(v.text)
	case "deploy":
		s.deploy(v, at)
	}
}

// interpolated reports values that Compose would fill in from its own
// environment, where cutover could not see that they change. $$ is a plain $.
func (s *composeService) interpolated(v *node, at string) bool {
	if plain := strings.ReplaceAll(v.text, "$$", ""); strings.Contains(plain, "$") {
		s.file.refuse(v.line, v.column, at, "it has a variable that Compose fills in", "write the value, use {{version}} in an image, or set the key in the component, with env:NAME for a secret")
		return true
	}
	v.text = strings.ReplaceAll(v.text, "$$", "$")
	found := false
	for _, p := range v.pairs {
		found = s.interpolated(p.value, entry(at, p.key)) || found
	}
	for i, item := range v.items {
		found = s.interpolated(item, element(at, i)) || found
	}
	return found
}

func (s *composeService) command(v *node, _ string) {
	if v.kind == listKind {
		words := make([]Text, len(v.items))
		for i, item := range v.items {
			words[i] = Text(item.text)
		}
		s.c.Command.fromList(words)
		return
	}
	_ = s.c.Command.fromText(v.text) // it never fails
}

func (s *composeService) environment(v *node, at string) {
	s.c.Env = map[string]Text{}
	for _, p := range v.pairs {
		if p.value.kind == emptyKind {
			s.passed(p.value, entry(at, p.key), p.key)
			continue
		}
		s.c.Env[p.key] = Text(p.value.text)
	}
	for i, item := range v.items {
		name, value, ok := strings.Cut(item.text, "=")
		if !ok {
			s.passed(item, element(at, i), name)
			continue
		}
		s.c.Env[name] = Text(value)
	}
}

// passed reports a variable without a value, which Compose takes from its own
// environment.
func (s *composeService) passed(n *node, at, name string) {
	s.file.refuse(n.line, n.column, at, "Compose takes it from its own environment", fmt.Sprintf("write env: {%s: env:%s} in the component, and remove it here", printable(name), printable(name)))
}

func (s *composeService) networks(v *node, at string) {
	s.networked = true
	for _, item := range v.items {
		s.c.Networks = append(s.c.Networks, s.file.network(item.text))
	}
	for _, p := range v.pairs {
		if p.value.kind != emptyKind && len(p.value.pairs) > 0 {
			s.file.refuse(p.line, p.column, entry(at, p.key), "cutover joins networks without aliases and addresses of their own, which two versions could not share", "write the name of the network alone")
		}
		s.c.Networks = append(s.c.Networks, s.file.network(p.key))
	}
}

func (s *composeService) volumes(v *node, at string) {
	for i, item := range v.items {
		text := item.text
		source, rest, ok := strings.Cut(text, ":")
		switch {
		case !item.kind.scalar() || !ok:
			s.file.refuse(item.line, item.column, element(at, i), "cutover takes volumes over as SOURCE:TARGET only", "write it in that form, or in the component's mounts")
			continue
		case strings.HasPrefix(source, "~"):
			s.file.refuse(item.line, item.column, element(at, i), "it depends on whose home it is", "write the whole path")
			continue
		case strings.HasPrefix(source, ".") || strings.HasPrefix(source, "/"):
			source = absolute(source, s.file.source.dir)
		default:
			source = s.file.resource("volumes", source)
		}
		s.c.Mounts = append(s.c.Mounts, source+":"+rest)
	}
}

// deploy takes the limits over; how many instances there are is said by the
// component.
func (s *composeService) deploy(v *node, at string) {
	for _, p := range v.pairs {
		switch p.key {
		case "resources":
			limits := child(p.value, "limits")
			if n := child(limits, "cpus"); n != nil {
				s.c.Limits.CPUs = Text(n.text)
			}
			if n := child(limits, "memory"); n != nil {
				s.c.Limits.Memory = Text(n.text)
			}
		case "replicas", "update_config", "rollback_config", "restart_policy", "labels", "mode", "endpoint_mode":
		default:
			s.file.refuse(p.line, p.column, entry(at, p.key), "cutover does not take it over from a Compose file", "remove it, or describe the component in the app file without compose")
		}
	}
}

// complete returns c with what the service says where c says nothing.
// says reports whether a key of c was written.
func (s composeService) complete(c Component, says func(path string) bool) Component {
	from := s.c
	if c.Image == "" {
		c.Image = from.Image
	}
	if !c.Command.given() {
		c.Command = from.Command
	}
	if from.Dir != "" && !says("dir") {
		c.Dir = from.Dir
	}
	env := from.Env
	for name, value := range c.Env {
		if env == nil {
			env = map[string]Text{}
		}
		env[name] = value
	}
	c.Env = env
	if len(c.Networks) == 0 {
		c.Networks = from.Networks
	}
	c.Mounts = append(from.Mounts, c.Mounts...)
	if c.User == "" {
		c.User = from.User
	}
	if c.Limits == (Resources{}) {
		c.Limits = from.Limits
	}
	if from.Stop.Signal != "" && !says("stop.signal") {
		c.Stop.Signal = from.Stop.Signal
	}
	if from.Stop.Grace != 0 && !says("stop.grace") {
		c.Stop.Grace = from.Stop.Grace
	}
	return c
}
