package config

import (
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	Place Place `json:"place"`
	// Path names the key, such as "spec.traffic.listen". It is empty for what
	// concerns a document or file as a whole.
	Path string `json:"path,omitempty"`
	// Reason says what is wrong, Cure what to write instead.
	Reason string `json:"reason"`
	Cure   string `json:"cure"`
	// Excerpt is the line with a caret below the place, values that look
	// secret masked.
	Excerpt string `json:"excerpt,omitempty"`
}

// Error writes the place, the key, the reason and the cure on one line and
// the excerpt below.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Place.String() + ": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Reason)
	if p.Cure != "" {
		b.WriteString("; " + p.Cure)
	}
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	return b.String()
}

// Problems are all mistakes found, ordered by place.
type Problems []*Problem

// Error writes one problem after the other.
func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, one := range p {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap makes every problem visible to errors.As.
func (p Problems) Unwrap() []error {
	list := make([]error, len(p))
	for i, one := range p {
		list[i] = one
	}
	return list
}

// err returns the problems in order of place, or nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	sorted := slices.Clone(p)
	slices.SortStableFunc(sorted, func(a, b *Problem) int { return a.Place.compare(b.Place) })
	return sorted
}
