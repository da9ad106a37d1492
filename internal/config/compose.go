package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Compose names a service of a Compose file that already says how a container
// runs. Its ports and container_name do not count: cutover gives each instance
// a port and a name of its own, so that two versions can run side by side.
type Compose struct {
	// The Compose file, relative to the folder of this file.
	File string `json:"file" jsonschema:"required" example:"compose.yaml"`
	// The service in it.
	Service string `json:"service" jsonschema:"required" example:"web"`
	// The name of the Compose project, whose networks and volumes are used; the file's name: or its folder if it is not set.
	Project string `json:"project,omitempty"`
}

// composeNames are the files that Compose reads when none is named.
var composeNames = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

func (c *Compose) validate(tell report) {
	if c != nil && c.Project != "" && !projectForm.MatchString(c.Project) {
		tell("compose.project", fmt.Sprintf("%q cannot be the name of a project", printable(c.Project)), "use a-z, 0-9, - and _, beginning with a letter or digit")
	}
}

var projectForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// notProject is what Compose drops from the name of a folder.
var notProject = regexp.MustCompile(`[^a-z0-9_-]`)

// compose completes the components that name a service of a Compose file.
func (a *App) compose() {
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Components)) {
		c := a.Spec.Components[name]
		if c.Compose == nil || c.Compose.File == "" || !a.Spec.Runtime.containers() {
			continue
		}
		at := join(entry("spec.components", name), "compose")
		a.Spec.Components[name] = a.composed(c, at)
	}
}

// composed returns c with what the service says where c says nothing. Problems
// with the Compose file are reported at their place in it.
func (a *App) composed(c Component, at string) Component {
	path := absolute(c.Compose.File, a.doc.source.dir)
	data, err := readFile(path)
	if err != nil {
		a.doc.report(join(at, "file"), err.Error(), "correct the path: it starts from the folder of this file")
		return c
	}
	s := newSource(c.Compose.File, data, filepath.Dir(path))
	defer func() { a.doc.source.problems = append(a.doc.source.problems, s.problems...) }()
	docs := s.documents(data)
	if len(docs) != 1 || docs[0].kind != mappingKind {
		if len(s.problems) == 0 {
			s.report(1, 1, "", "it is not one group of keys", "name a Compose file")
		}
		return c
	}
	f := composeFile{source: s, root: docs[0], project: c.Compose.Project}
	service, ok := f.service(c.Compose.Service)
	if !ok {
		a.doc.report(join(at, "service"), fmt.Sprintf("there is no service %q in %s", printable(c.Compose.Service), c.Compose.File), meant(c.Compose.Service, f.names()))
		return c
	}
	return service.complete(c, func(path string) bool { return a.doc.has(join(parent(at), path)) })
}

// composeFile is a Compose file as far as one service needs it.
type composeFile struct {
	source  *source
	root    *node
	project string
}

func (f composeFile) services() *node { return child(f.root, "services") }

func child(n *node, key string) *node {
	if n != nil {
		if v, ok := n.find(key); ok {
			return v
		}
	}
	return nil
}

func (f composeFile) names() []string {
	var names []string
	if services := f.services(); services != nil {
		for _, p := range services.pairs {
			names = append(names, p.key)
		}
	}
	return names
}

// name is that of the project.
func (f composeFile) name() string {
	if f.project != "" {
		return f.project
	}
	if n := child(f.root, "name"); n != nil && n.text != "" {
		return n.text
	}
	return strings.TrimLeft(notProject.ReplaceAllString(strings.ToLower(filepath.Base(f.source.dir)), ""), "-_")
}

// refuse reports a part of the file that cutover cannot take over.
func (f composeFile) refuse(line, column int, path, reason, cure string) {
	f.source.report(line, column, path, reason, cure)
}

// service returns what a service says, after reporting what of it cannot be
// taken over.
func (f composeFile) service(name string) (composeService, bool) {
	n := child(f.services(), name)
	if n == nil {
		return composeService{}, false
	}
	s := composeService{file: f, path: entry("services", name)}
	for _, p := range n.pairs {
		s.take(p)
	}
	if s.c.Image == "" {
		f.refuse(n.line, n.column, join(s.path, "image"), "the service names no image", "build it first, and write its image here or in the component")
	}
	if !s.networked {
		s.c.Networks = []string{f.network("default")}
	}
	return s, true
}

// network is the name that Docker knows a network of the file by.
func (f composeFile) network(name string) string { return f.resource("networks", name) }

// resource is the name that Docker knows a network or volume of the file by.
func (f composeFile) resource(kind, name string) string {
	n := child(child(f.root, kind), name)
	if given := child(n, "name"); given != nil && given.text != "" {
		return given.text
	}
	if external := child(n, "external"); external != nil && external.text == "true" {
		return name
	}
	return f.name() + "_" + name
}
