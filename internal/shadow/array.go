package shadow

import "encoding/json"

// arrays compares two arrays in time linear in their length. What moved is one
// difference, of order; the elements themselves are compared with those of the
// same id, or else, when what stands in both is put aside, in their order.
func (d *diff) arrays(a, b []any) {
	a, b = unequal(a, b)
	if len(a) == 0 && len(b) == 0 {
		return
	}
	d.at = append(d.at, "[]")
	defer func() { d.at = d.at[:len(d.at)-1] }()
	both, moved := byID(a, b)
	if both == nil {
		a, b, moved = leftovers(a, b)
		both = inOrder(a, b)
	}
	if moved {
		d.here(Order, "an order", "another")
	}
	for _, p := range both {
		switch {
		case p.b == nil:
			d.here(Missing, class(*p.a), "nothing")
		case p.a == nil:
			d.here(Extra, "nothing", class(*p.b))
		default:
			d.values(*p.a, *p.b)
		}
	}
}

// unequal drops what is equal at the same place.
func unequal(a, b []any) (restA, restB []any) {
	n := min(len(a), len(b))
	for i := range n {
		if !same(a[i], b[i]) {
			restA, restB = append(restA, a[i]), append(restB, b[i])
		}
	}
	return append(restA, a[n:]...), append(restB, b[n:]...)
}

// leftovers drops what stands in both, at whatever place, and reports whether
// what they share stands in another order.
func leftovers(a, b []any) (restA, restB []any, moved bool) {
	places := map[string][]int{}
	for i, v := range b {
		text := canonical(v)
		places[text] = append(places[text], i)
	}
	taken, last := make([]bool, len(b)), -1
	for _, v := range a {
		text := canonical(v)
		where := places[text]
		if len(where) == 0 {
			restA = append(restA, v)
			continue
		}
		taken[where[0]], places[text] = true, where[1:]
		moved = moved || where[0] < last
		last = where[0]
	}
	for i, v := range b {
		if !taken[i] {
			restB = append(restB, v)
		}
	}
	return restA, restB, moved
}

// canonical writes a value so that equal ones look alike.
func canonical(v any) string {
	text, err := json.Marshal(v) // keys are sorted
	if err != nil {
		return "" // cannot happen to what was decoded
	}
	return string(text)
}

// pair is two elements to compare; nil stands for none.
type pair struct{ a, b *any }

// names are the keys by which elements are told apart, best first.
var names = []string{"id", "uuid", "key", "slug", "name"}

// inOrder puts together what stands at the same place.
func inOrder(a, b []any) []pair {
	out := make([]pair, max(len(a), len(b)))
	for i := range a {
		out[i].a = &a[i]
	}
	for i := range b {
		out[i].b = &b[i]
	}
	return out
}

// byID puts together what has the same id, or returns nil unless every
// element has a different one and some stand in both.
func byID(a, b []any) (out []pair, moved bool) {
	for _, name := range names {
		inA, okA := identified(a, name)
		inB, okB := identified(b, name)
		if okA && okB && shares(inA, inB) {
			return matched(a, b, name, inB)
		}
	}
	return nil, false
}

// identified maps the elements' ids to their places, if every element is an
// object with an id of its own.
func identified(list []any, name string) (map[any]int, bool) {
	places := map[any]int{}
	for i, v := range list {
		o, _ := v.(map[string]any)
		switch id := o[name].(type) {
		case string, json.Number:
			if _, twice := places[id]; twice {
				return nil, false
			}
			places[id] = i
		default:
			return nil, false
		}
	}
	return places, true
}

func shares(a, b map[any]int) bool {
	for id := range a {
		if _, ok := b[id]; ok {
			return true
		}
	}
	return false
}

func matched(a, b []any, name string, inB map[any]int) (out []pair, moved bool) {
	used, last := make([]bool, len(b)), -1
	for i := range a {
		p := pair{a: &a[i]}
		if at, ok := inB[a[i].(map[string]any)[name]]; ok {
			p.b, used[at] = &b[at], true
			moved = moved || at < last
			last = at
		}
		out = append(out, p)
	}
	for i := range b {
		if !used[i] {
			out = append(out, pair{b: &b[i]})
		}
	}
	return out, moved
}
