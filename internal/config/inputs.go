package config

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"cutover/internal/release"
)

// maxFile bounds the files a snapshot is taken of: 1 MiB.
const maxFile = 1 << 20

// inputs is what a version is made of: the app's configuration with what the
// release sets in its place, all paths absolute.
type inputs struct {
	args  []string
	dir   string
	env   []release.EnvVar
	files []input
	// health and stop come from the app alone.
	health release.Health
	stop   release.Stop
}

// input is a file to take a snapshot of. It has no path if there is none.
type input struct {
	name, path string
	// env says that it must have NAME=value lines.
	env bool
	// key is where the file was named, in doc.
	key string
	doc *document
}

// inputsOf joins a component of an app and a release. What the release sets
// wins.
func inputsOf(a *App, r *Release, name string) (inputs, error) {
	c, to := a.Spec.Components[name], r.Spec.To.of(name, a.front())
	in := inputs{health: c.health(), stop: c.Stop.resolve()}
	command, shell := c.Command, c.Shell
	if to.Command.given() {
		command, shell = to.Command, to.Shell
	}
	var err error
	if command.given() || a.Spec.Runtime.processes() {
		if in.args, err = command.args(shell); err != nil {
			return in, fmt.Errorf("read the command: %w", err)
		}
	}
	path := func(text string, doc *document) string {
		return absolute(fill(text, a.Metadata.Name, string(r.Spec.To.Version)), doc.source.dir)
	}
	run, version := a.Spec.Runtime, string(r.Spec.To.Version)
	in.dir = run.folder(c.Dir, version, a.Metadata.Name, a.doc.source.dir)
	if to.Dir != "" {
		in.dir = run.folder(to.Dir, version, a.Metadata.Name, r.doc.source.dir)
	}
	in.env = a.env(r, c, to)
	in.files = filesOf(a, r, path)
	return in, nil
}

// filesOf lists the files of app and release: the env file, then the others
// sorted by name.
func filesOf(a *App, r *Release, path func(string, *document) string) []input {
	file := func(text, key string, doc *document) input {
		full := path(text, doc)
		return input{name: filepath.Base(full), path: full, key: key, doc: doc}
	}
	var list []input
	files, key, doc := a.Spec.Config.Files, "spec.config.files", a.doc
	if r.doc.has("spec.to.files") {
		files, key, doc = r.Spec.To.Files, "spec.to.files", r.doc
	}
	for i, f := range files {
		list = append(list, file(f, element(key, i), doc))
	}
	slices.SortFunc(list, func(a, b input) int { return strings.Compare(a.name, b.name) })
	env, key, doc := a.Spec.Config.EnvFile, "spec.config.envFile", a.doc
	if r.Spec.To.EnvFile != "" {
		env, key, doc = r.Spec.To.EnvFile, "spec.to.envFile", r.doc
	}
	if env == "" {
		return list
	}
	first := file(env, key, doc)
	first.env = true
	return append([]input{first}, list...)
}

// env joins the variables of the app, its component and the release, sorted by
// name.
func (a *App) env(r *Release, c Component, to TargetComponent) []release.EnvVar {
	all := map[string]release.EnvVar{}
	add := func(env map[string]Text, dir string) {
		for name, value := range env {
			v := release.EnvVar{Name: name}
			if isReference(string(value)) {
				v.Ref = absoluteReference(fill(string(value), a.Metadata.Name, string(r.Spec.To.Version)), dir)
			} else {
				v.Value = string(value)
			}
			all[name] = v
		}
	}
	add(a.Spec.Config.Env, a.doc.source.dir)
	add(c.Env, a.doc.source.dir)
	add(r.Spec.To.Env, r.doc.source.dir)
	add(to.Env, r.doc.source.dir)
	var list []release.EnvVar
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}

// read returns the content, or what is wrong with the file at the place that
// names it.
func (i input) read() ([]byte, *Problem) {
	data, p := i.readWhole()
	if p != nil || !i.env {
		return data, p
	}
	return data, i.checkEnv(data)
}

func (i input) readWhole() ([]byte, *Problem) {
	problem := func(reason, cure string) *Problem {
		return &Problem{Place: i.doc.at(i.key), Path: i.key, Reason: reason, Cure: cure}
	}
	data, err := readFile(i.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, problem("there is no file "+i.path, "create it, or correct the path: it starts from the folder of this file")
	case err != nil:
		return nil, problem(err.Error(), "make the file readable for cutover")
	case len(data) > maxFile:
		return nil, problem(i.path+" has more than 1 MiB", "keep large files in a folder of the version and name its path in the command")
	}
	return data, nil
}

// checkEnv reports the first line that sets no variable. Values are never
// part of a problem.
func (i input) checkEnv(data []byte) *Problem {
	bad := func(line int, reason string) *Problem {
		return &Problem{
			Place: Place{i.path, line, 1}, Path: i.key, Reason: reason,
			Cure: "write NAME=value on each line, or begin the line with #",
		}
	}
	for n, line := range envLines(data) {
		name, _, ok := cutEnv(line)
		switch {
		case !utf8.ValidString(line) || strings.ContainsRune(line, 0):
			return bad(n, "the line is not UTF-8 text")
		case !ok:
			return bad(n, "the line has no =")
		case name == "" || strings.ContainsAny(name, " \t"):
			return bad(n, "what stands before the = is not the name of an environment variable")
		}
	}
	return nil
}

// cutEnv splits a line of NAME=value, which may begin with export.
func cutEnv(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(strings.TrimPrefix(line, "export "), "=")
	return strings.TrimSpace(name), strings.TrimSpace(value), ok
}

// envLines yields the lines that set a variable, by number.
func envLines(data []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(strings.TrimPrefix(string(data), "\uFEFF")) {
			n++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(n, line) {
				return
			}
		}
	}
}
