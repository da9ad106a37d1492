package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// Loader reads files. The zero Loader is ready for use.
type Loader struct {
	// Accept, if set, is asked about every check of a release and says why
	// one cannot be put, such as a JSON path that cannot be read.
	Accept func(release.Check) error
	// Loads, if set, makes the loads that a release asks for ready. Its error
	// is the Problems of a scenario file, or Misfits. It may be called by
	// Lint and Plan.
	Loads func(LoadOrder) (LoadPlan, error)
	// AcceptSignal, if set, is asked about every signal of a release and says
	// why one cannot be read, such as an address that leads nowhere.
	AcceptSignal func(signal.Signal) error
	// ResolveImage, if set, returns what pins the content that an image means
	// now to the Docker daemon at a socket: NAME@sha256:... or its ID. It is
	// called by Plan; without it images are recorded unpinned, and not run.
	ResolveImage func(ctx context.Context, socket, image string) (string, error)
	// ResolveService is ResolveImage for apps that run as services of a Swarm:
	// the daemon at the socket must be a manager.
	ResolveService func(ctx context.Context, socket, image string) (string, error)
}

// Load reads the files, and of each folder the files that end in .yaml or
// .yml, but for those that Compose looks for, and returns what they say together. Nothing else is read; files that
// these name are looked at by Lint and Plan. The error is a Problems with all
// mistakes found if the files could be read.
func Load(ctx context.Context, paths ...string) (*Bundle, error) {
	return Loader{}.Load(ctx, paths...)
}

// Parse is Load for one file that is in memory already. Problems name it
// name; relative paths in it start from dir, an absolute folder.
func Parse(name string, data []byte, dir string) (*Bundle, error) {
	return Loader{}.Parse(name, data, dir)
}

// Load is as the function Load says.
func (l Loader) Load(ctx context.Context, paths ...string) (*Bundle, error) {
	files, err := expand(paths)
	if err != nil {
		return nil, err
	}
	b := &Bundle{}
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		data, err := readFile(name)
		if err != nil {
			return nil, err
		}
		dir, err := filepath.Abs(filepath.Dir(name))
		if err != nil {
			return nil, fmt.Errorf("find the folder of %s: %w", name, err)
		}
		b.read(newSource(name, data, dir), data)
	}
	return b.finish(l)
}

// Parse is as the function Parse says.
func (l Loader) Parse(name string, data []byte, dir string) (*Bundle, error) {
	b := &Bundle{}
	b.read(newSource(name, data, dir), data)
	return b.finish(l)
}

func (b *Bundle) finish(l Loader) (*Bundle, error) {
	b.loads = l.Loads
	b.acceptSignal = l.AcceptSignal
	for _, a := range b.Apps {
		if a.resolve = l.ResolveImage; a.Spec.Runtime.swarm() {
			a.resolve = l.ResolveService
		}
		a.compose()
	}
	b.validate(l.Accept)
	if err := b.problems().err(); err != nil {
		return nil, err
	}
	return b, nil
}

// read takes in the documents of one file.
func (b *Bundle) read(s *source, data []byte) {
	b.sources = append(b.sources, s)
	for _, n := range s.documents(data) {
		switch kindOf(s, n) {
		case "App":
			a := &App{}
			a.doc = decode(s, n, a)
			b.Apps = append(b.Apps, a)
		case "Release":
			r := &Release{}
			r.doc = decode(s, n, r)
			r.Spec.Strategy.complete(func(path string) bool { return r.doc.has(join("spec.strategy", path)) })
			b.Releases = append(b.Releases, r)
		case scenarioKind:
			// It is read by whom it is named: a release, or a command.
		case "Policy":
			p := &Policy{}
			p.doc = decode(s, n, p)
			b.Policies = append(b.Policies, p)
		default:
			b.partial = true
		}
	}
	b.partial = b.partial || s.broken
}

func decode(s *source, n *node, into any) *document {
	v := reflect.ValueOf(into).Elem()
	doc := newDocument(s, n, v.Type())
	fillDefaults(v)
	decoder{doc}.group(n, "", v)
	return doc
}

// scenarioKind is that of files which are read elsewhere, and may lie beside
// those of a release.
const scenarioKind = "Load"

// kindOf returns which kind of document it is, "" after reporting that it is
// none.
func kindOf(s *source, n *node) string {
	if n.kind != mappingKind {
		s.report(n.line, n.column, "", "a document is a group of keys, but this is "+n.describe(), "begin with: apiVersion: "+APIVersion)
		return ""
	}
	if kind, ok := n.find("kind"); ok && kind.text == scenarioKind {
		return scenarioKind
	}
	version := headline(s, n, "apiVersion", []string{APIVersion})
	kind := headline(s, n, "kind", []string{"App", "Release", "Policy"})
	if version == "" {
		return ""
	}
	return kind
}

// headline returns one of the first two lines of a document, "" after
// reporting that it is missing or wrong.
func headline(s *source, n *node, key string, allowed []string) string {
	v, ok := n.find(key)
	switch {
	case !ok:
		s.report(n.line, n.column, key, "it is missing", "add "+key+": "+oneOf(allowed))
	case !slices.Contains(allowed, v.text):
		s.report(v.line, v.column, key, fmt.Sprintf("%q is not known", printable(v.text)), meant(v.text, allowed))
	default:
		return v.text
	}
	return ""
}

// expand replaces folders by the YAML files in them. A file that is named
// twice is read once.
func expand(paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, errors.New("read files: none is named; name a file or a folder")
	}
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read %s: there is no such file or folder: %w", path, fs.ErrNotExist)
		case err != nil:
			return nil, fmt.Errorf("read files: %w", err)
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		found, err := inFolder(path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return once(files), nil
}

func inFolder(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(composeNames, e.Name()) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read the folder %s: no file in it ends in .yaml or .yml; name the file itself", dir)
	}
	return files, nil
}

func once(files []string) []string {
	seen := map[string]bool{}
	var kept []string
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			abs = f
		}
		if !seen[abs] {
			seen[abs] = true
			kept = append(kept, f)
		}
	}
	return kept
}

// readFile reads at most a little more than maxFile, so that a file that
// grows or never ends cannot fill the memory.
func readFile(name string) (data []byte, err error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}
