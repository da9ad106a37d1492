package config

import (
	"fmt"
	"path/filepath"
	"reflect"
)

// Shortened is a group of keys, of a file that is read with ReadFile, that may
// be written as one value: that of the key it names.
type Shortened interface{ ShortKey() string }

// shortFormOf returns the key that one value in place of the group v stands
// for.
func shortFormOf(v reflect.Value) (key string, ok bool) {
	switch s := v.Addr().Interface().(type) {
	case shortened:
		return s.shortKey(), true
	case Shortened:
		return s.ShortKey(), true
	}
	return "", false
}

// File is a file with one document of a kind that another package knows, read
// as strictly as an App: every mistake has its place, reason and cure.
type File struct {
	source *source
	doc    *document
}

// ReadFile reads a file with a document of the kind into a struct, whose json,
// jsonschema, default and example tags say what it may hold as those in this
// package do. What is wrong with it is told by Err; the error here means
// that the file cannot be read at all.
func ReadFile(name, kind string, into any) (*File, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", name, err)
	}
	return ParseFile(name, data, dir, kind, into), nil
}

// ParseFile is ReadFile for a text that is in memory already. Relative paths
// in it start from dir, an absolute folder.
func ParseFile(name string, data []byte, dir, kind string, into any) *File {
	f := &File{source: newSource(name, data, dir)}
	v := reflect.ValueOf(into).Elem()
	fillDefaults(v)
	for i, n := range f.source.documents(data) {
		switch {
		case n.kind != mappingKind:
			f.source.report(n.line, n.column, "", "a document is a group of keys, but this is "+n.describe(), "begin with: apiVersion: "+APIVersion)
			continue
		case i > 0:
			f.source.report(n.line, n.column, "", "there is another document before this one", "write each into a file of its own")
			continue
		}
		f.doc = newDocument(f.source, n, v.Type())
		if headline(f.source, n, "apiVersion", []string{APIVersion}) != "" && headline(f.source, n, "kind", []string{kind}) != "" {
			decoder{f.doc}.group(n, "", v)
		}
	}
	if f.doc == nil {
		f.doc = newDocument(f.source, &node{line: 1, column: 1}, v.Type())
	}
	return f
}

// Err returns everything that is wrong with the file, as Problems, or nil.
func (f *File) Err() error { return f.source.problems.err() }

// Has reports whether the key at a path, such as "spec.steps[0].name", was
// written rather than left to its default.
func (f *File) Has(path string) bool { return f.doc.has(path) }

// Report adds a problem with the key at a path. It is placed at the nearest
// group around that was written; one that the key has already is kept.
func (f *File) Report(path, reason, cure string) { f.doc.report(path, reason, cure) }

// Absolute resolves a path, or the path in a file: reference, against the
// folder of the file.
func (f *File) Absolute(path string) string {
	if isReference(path) {
		return absoluteReference(path, f.source.dir)
	}
	return absolute(path, f.source.dir)
}

// LooksSecret reports whether a plain value under this name should rather be
// a reference: env:NAME or file:PATH.
func LooksSecret(name, value string) bool { return looksSecret(name, value) }

// Meant words the cure for a word that is not one of the candidates: the
// nearest, or all of them.
func Meant(word string, candidates []string) string { return meant(word, candidates) }

// Entry is the path of a map's value: the key behind the path of the map.
func Entry(path, key string) string { return entry(path, key) }
