// Package file reads changes of the schema from YAML or JSON, in pgroll's
// format with the operations split, merge and copy_column added.
package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"cutover/internal/schema"
)

// document is the file as it is written.
type document struct {
	Name          string                 `yaml:"name"`
	VersionSchema string                 `yaml:"version_schema"`
	Operations    []map[string]operation `yaml:"operations"`
}

// operation keeps what an operation says until its kind is known.
type operation struct{ node ast.Node }

// line is where the operation begins to say something.
func (o operation) line() int {
	node := o.node
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	if token := node.GetToken(); token != nil {
		return token.Position.Line
	}
	return 0
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (o *operation) UnmarshalYAML(node ast.Node) error {
	o.node = node
	return nil
}

// Load reads and validates a change. Without a name in it, the change has
// that of the file.
func Load(path string) (schema.Change, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return schema.Change{}, fmt.Errorf("reading a schema change: %w", err)
	}
	return Read(path, content)
}

// Read reads and validates a change from a file's content, as Load does.
func Read(path string, content []byte) (schema.Change, error) {
	c, lines, err := parse(content)
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if err == nil {
		err = validate(c, lines)
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// validate names the line of each operation that is wrong by itself.
func validate(c schema.Change, lines []int) error {
	var errs []error
	for i, op := range c.Operations {
		if err := op.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("line %d: operation %d, %s: %w", lines[i], i+1, op.Kind(), err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return c.Validate()
}

// Parse reads a change without validating it.
func Parse(content []byte) (schema.Change, error) {
	c, _, err := parse(content)
	return c, err
}

// parse also returns the line of each operation.
func parse(content []byte) (schema.Change, []int, error) {
	var doc document
	if err := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(&doc); err != nil {
		return schema.Change{}, nil, fmt.Errorf("reading operations: %w", err)
	}
	c := schema.Change{Name: doc.Name, VersionSchema: doc.VersionSchema}
	var lines []int
	var errs []error
	for i, entry := range doc.Operations {
		if len(entry) != 1 {
			errs = append(errs, fmt.Errorf("operation %d: one list entry holds one operation, this one holds %d", i+1, len(entry)))
			continue
		}
		for kind, written := range entry {
			op, err := decode(kind, written.node)
			if err != nil {
				errs = append(errs, fmt.Errorf("operation %d: %w", i+1, err))
				continue
			}
			c.Operations = append(c.Operations, op)
			lines = append(lines, written.line())
		}
	}
	return c, lines, errors.Join(errs...)
}

// decoders make an operation of each kind.
var decoders = map[string]func(ast.Node) (schema.Operation, error){
	"add_column":                  into[schema.AddColumn],
	"alter_column":                alterColumn,
	"copy_column":                 into[schema.CopyColumn],
	"create_constraint":           into[schema.CreateConstraint],
	"create_index":                createIndex,
	"create_table":                into[schema.CreateTable],
	"drop_column":                 into[schema.DropColumn],
	"drop_constraint":             into[schema.DropConstraint],
	"drop_index":                  into[schema.DropIndex],
	"drop_multicolumn_constraint": into[schema.DropMulticolumnConstraint],
	"drop_table":                  into[schema.DropTable],
	"merge":                       into[schema.Merge],
	"rename_column":               into[schema.RenameColumn],
	"rename_constraint":           into[schema.RenameConstraint],
	"rename_table":                into[schema.RenameTable],
	"set_replica_identity":        into[schema.SetReplicaIdentity],
	"split":                       into[schema.Split],
	"sql":                         into[schema.SQL],
}

func decode(kind string, node ast.Node) (schema.Operation, error) {
	read, known := decoders[kind]
	if !known {
		kinds := make([]string, 0, len(decoders))
		for k := range decoders {
			kinds = append(kinds, k)
		}
		slices.Sort(kinds)
		return nil, fmt.Errorf("there is no operation %q here; there are %s", kind, strings.Join(kinds, ", "))
	}
	if node == nil {
		return nil, fmt.Errorf("%s: it says nothing; write what is to be done, such as %s: {table: ..., ...}", kind, kind)
	}
	op, err := read(node)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return op, nil
}

func into[T schema.Operation](node ast.Node) (schema.Operation, error) {
	var op T
	err := yaml.NodeToValue(node, &op, yaml.Strict())
	return op, err
}

// alterColumn tells a default or comment that is taken away, null, from one
// that is not mentioned.
func alterColumn(node ast.Node) (schema.Operation, error) {
	var op schema.AlterColumn
	if err := yaml.NodeToValue(node, &op, yaml.Strict()); err != nil {
		return nil, err
	}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return op, nil
	}
	for _, entry := range mapping.Values {
		if entry.Value.Type() != ast.NullType {
			continue
		}
		switch entry.Key.String() {
		case "default", `"default"`:
			op.Default = &schema.Setting{Null: true}
		case "comment", `"comment"`:
			op.Comment = &schema.Setting{Null: true}
		}
	}
	return op, nil
}
