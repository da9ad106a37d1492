package file

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"cutover/internal/schema"
)

// index is a create_index as it is written.
type index struct {
	Name              string    `yaml:"name"`
	Table             string    `yaml:"table"`
	Columns           operation `yaml:"columns"`
	Method            string    `yaml:"method"`
	Unique            bool      `yaml:"unique"`
	Predicate         string    `yaml:"predicate"`
	StorageParameters string    `yaml:"storage_parameters"`
}

// createIndex reads the columns of an index in each of the forms pgroll's
// versions have had: a list of names, a list of columns with settings, and
// settings by name, in order.
func createIndex(node ast.Node) (schema.Operation, error) {
	var w index
	if err := yaml.NodeToValue(node, &w, yaml.Strict()); err != nil {
		return nil, err
	}
	op := schema.CreateIndex{Name: w.Name, Table: w.Table, Method: w.Method, Unique: w.Unique, Predicate: w.Predicate, StorageParameters: w.StorageParameters}
	var err error
	switch columns := w.Columns.node.(type) {
	case nil:
	case *ast.SequenceNode:
		for _, entry := range columns.Values {
			var c schema.IndexColumn
			if name, plain := entry.(*ast.StringNode); plain {
				c.Column = name.Value
			} else if err = yaml.NodeToValue(entry, &c, yaml.Strict()); err != nil {
				return nil, err
			}
			op.Columns = append(op.Columns, c)
		}
	case *ast.MappingNode:
		for _, entry := range columns.Values {
			var c schema.IndexColumn
			if entry.Value.Type() != ast.NullType {
				if err = yaml.NodeToValue(entry.Value, &c, yaml.Strict()); err != nil {
					return nil, err
				}
			}
			if err = yaml.NodeToValue(entry.Key, &c.Column); err != nil {
				return nil, err
			}
			op.Columns = append(op.Columns, c)
		}
	default:
		return nil, fmt.Errorf("line %d: the columns of an index are a list, or settings by name", columns.GetToken().Position.Line)
	}
	return op, nil
}
