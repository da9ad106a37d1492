package release

// Side is the label of one of the two sets of instances an app can have at
// once. Labels stay with their instances for as long as these live and
// alternate from release to release: if blue serves now, the next release
// brings green in, and the one after that brings blue in again.
type Side string

// The two labels. NoSide stands for "nothing serves yet".
const (
	NoSide Side = ""
	Blue   Side = "blue"
	Green  Side = "green"
)

// Other returns the label a release that starts from s brings in. The first
// release of an app, with nothing serving, brings in blue.
func (s Side) Other() Side {
	if s == Blue {
		return Green
	}
	return Blue
}

// Valid reports whether s is one of the two labels.
func (s Side) Valid() bool { return s == Blue || s == Green }

// Sides holds one value for each label.
type Sides[T any] struct {
	Blue  T `json:"blue"`
	Green T `json:"green"`
}

// Of returns a pointer to the value of side s. It panics for NoSide, which
// never holds anything.
func (p *Sides[T]) Of(s Side) *T {
	switch s {
	case Blue:
		return &p.Blue
	case Green:
		return &p.Green
	}
	panic("release: no value belongs to side " + string(s))
}
