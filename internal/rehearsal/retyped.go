package rehearsal

import (
	"fmt"
	"strings"
)

// ranges orders types in which every value of an earlier one fits.
var ranges = [][]string{
	{"smallint", "integer", "bigint", "numeric"},
	{"real", "double precision"},
	{"cidr", "inet"},
	{"json", "jsonb"},
}

// retyped says what a change of type means to old code.
func retyped(old, new string) (id string, v Verdict, why string) {
	switch fits(old, new) {
	case wider:
		return "type-widened", NeedsCare, "what old code writes still fits; it may read values larger than it knows"
	case narrower:
		return "type-narrowed", Destructive, "values that old code writes may not fit any more, and those that did not fit are changed or lost"
	}
	return "type-changed", NeedsCare, "old code may send or read it in another form; its statements and checks tell"
}

type fit int

const (
	other fit = iota
	wider
	narrower
)

// fits compares two types as format_type spells them.
func fits(old, new string) fit {
	from, fromSize := sizedType(old)
	to, toSize := sizedType(new)
	if f := text(from, to, fromSize, toSize); f != other {
		return f
	}
	if from == to {
		return sized(from, fromSize, toSize)
	}
	for _, order := range ranges {
		i, j := index(order, from), index(order, to)
		switch {
		case i < 0 || j < 0:
		case i < j:
			return wider
		default:
			return narrower
		}
	}
	return other
}

// text compares types of text, of which a length of 0 is any length.
func text(from, to string, fromSize, toSize []int) fit {
	length := func(name string, size []int) (int, bool) {
		switch {
		case name == "text" || name == "character varying" && len(size) == 0:
			return 0, true
		case name == "character varying":
			return size[0], true
		}
		return 0, false
	}
	a, ok := length(from, fromSize)
	b, also := length(to, toSize)
	switch {
	case !ok || !also:
		return other
	case b == 0 || a != 0 && a <= b:
		return wider
	}
	return narrower
}

// sized compares two sizes of one type, such as numeric(10,2).
func sized(name string, from, to []int) fit {
	if len(to) == 0 {
		return wider
	}
	if len(from) == 0 {
		return narrower
	}
	whole := func(size []int) (int, int) {
		if name != "numeric" || len(size) < 2 {
			return size[0], 0
		}
		return size[0] - size[1], size[1]
	}
	a, scaleA := whole(from)
	b, scaleB := whole(to)
	if b >= a && scaleB >= scaleA {
		return wider
	}
	return narrower
}

// sizedType splits "character varying(50)" into its name and its sizes.
func sizedType(t string) (name string, size []int) {
	before, rest, found := strings.Cut(t, "(")
	if !found {
		return t, nil
	}
	inside, after, _ := strings.Cut(rest, ")")
	for _, part := range strings.Split(inside, ",") {
		n := 0
		if _, err := fmt.Sscan(part, &n); err != nil {
			return t, nil
		}
		size = append(size, n)
	}
	return before + after, size
}

func index(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}
