package load

import (
	"slices"
	"strings"
)

// Flaw is something in a plan that cannot be carried out.
type Flaw struct {
	// Path leads to it in the words of a scenario file, below spec, such as
	// scenarios.browse.steps[2].http.path. Empty means the plan as a whole.
	Path string
	// Reason says what is wrong, Cure what to do about it.
	Reason, Cure string
	// Word is, where one of Choices was meant, what was written instead.
	Word    string
	Choices []string
}

// Error writes path, reason and cure on one line.
func (f *Flaw) Error() string {
	text := f.Reason
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if cure := f.cure(); cure != "" {
		text += "; " + cure
	}
	return text
}

func (f *Flaw) cure() string {
	if f.Cure == "" && len(f.Choices) > 0 {
		return "write one of " + strings.Join(f.Choices, ", ")
	}
	return f.Cure
}

// Flaws are all that was found.
type Flaws []*Flaw

// Error writes one flaw after the other.
func (f Flaws) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n")
}

// finder collects flaws below a path.
type finder struct {
	path  string
	found *Flaws
}

func (f finder) in(key string) finder {
	switch {
	case f.path == "" || strings.HasPrefix(key, "["):
		f.path += key
	default:
		f.path += "." + key
	}
	return f
}

func (f finder) tell(reason, cure string) {
	*f.found = append(*f.found, &Flaw{Path: f.path, Reason: reason, Cure: cure})
}

// tellUnknown reports a word that is none of the choices.
func (f finder) tellUnknown(reason, word string, choices []string) {
	choices = slices.Clone(choices)
	slices.Sort(choices)
	*f.found = append(*f.found, &Flaw{Path: f.path, Reason: reason, Word: word, Choices: slices.Compact(choices)})
}

// tellError reports an error that is a flaw already, or any other.
func (f finder) tellError(err error, cure string) {
	if flaw, ok := err.(*Flaw); ok {
		*f.found = append(*f.found, &Flaw{Path: f.path, Reason: flaw.Reason, Cure: flaw.Cure, Word: flaw.Word, Choices: flaw.Choices})
		return
	}
	f.tell(err.Error(), cure)
}
