package release

// Sealed is JSON that means nothing to this package: it goes on record with
// what it belongs to and comes back as it was. Nil is nothing.
type Sealed []byte

// MarshalJSON returns it as it is.
func (s Sealed) MarshalJSON() ([]byte, error) {
	if len(s) == 0 {
		return []byte("null"), nil
	}
	return s, nil
}

// UnmarshalJSON keeps it as it is.
func (s *Sealed) UnmarshalJSON(text []byte) error {
	*s = nil
	if string(text) != "null" {
		*s = append(*s, text...)
	}
	return nil
}
