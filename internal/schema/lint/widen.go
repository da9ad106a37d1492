package lint

import (
	"fmt"
	"strings"
)

// String returns the type as the catalogue spells it, without its schema.
func (t typeName) String() string {
	name := ""
	if len(t.Names) > 0 && t.Names[len(t.Names)-1].Name != nil {
		name = t.Names[len(t.Names)-1].Name.Value
	}
	if long, ok := spelled[name]; ok {
		name = long
	}
	var mods []string
	for _, m := range t.Modifiers {
		if m.Const != nil && m.Const.Int != nil {
			mods = append(mods, fmt.Sprint(m.Const.Int.Value))
		}
	}
	if len(mods) > 0 {
		name += "(" + strings.Join(mods, ",") + ")"
	}
	return name + strings.Repeat("[]", len(t.Bounds))
}

var spelled = map[string]string{
	"varchar": "character varying", "bpchar": "character", "int2": "smallint", "int4": "integer", "int8": "bigint",
	"bool": "boolean", "float4": "real", "float8": "double precision",
}

// widens reports whether a column of type old, as the catalogue spells it,
// takes the type new without being read or rewritten.
func widens(old, new string) bool {
	from, fromSize := size(old)
	to, toSize := size(new)
	switch {
	case old == new:
		return true
	case from == "character varying" && to == "text":
		return true
	case from == "text" && new == "character varying":
		return true
	case from == "character varying" && to == from:
		return len(toSize) == 0 || len(fromSize) == 1 && len(toSize) == 1 && fromSize[0] <= toSize[0]
	case from == "numeric" && to == from:
		return len(toSize) == 0 || len(fromSize) > 0 && precision(fromSize) <= precision(toSize) && scale(fromSize) == scale(toSize)
	case from == "cidr" && to == "inet":
		return true
	}
	return false
}

// size splits a type into its name and what stands in its parentheses.
func size(t string) (name string, numbers []int) {
	name, in, found := strings.Cut(t, "(")
	if !found {
		return t, nil
	}
	for _, part := range strings.Split(strings.TrimSuffix(in, ")"), ",") {
		n := 0
		if _, err := fmt.Sscan(part, &n); err != nil {
			return t, nil
		}
		numbers = append(numbers, n)
	}
	return name, numbers
}

func precision(size []int) int { return size[0] }

func scale(size []int) int {
	if len(size) < 2 {
		return 0
	}
	return size[1]
}
