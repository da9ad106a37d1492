package release

// FlagOrder asks for the app to be told of a flag.
type FlagOrder struct {
	Stamp
	Flag Flag `json:"flag"`
	// Only is the part of the app that it is about.
	Only FlagScope `json:"only,omitzero"`
	On   bool      `json:"on"`
	// All are the flags that are told in the same file, this one among them,
	// sorted by name; none where it is not told by a file.
	All []FlagValue `json:"all,omitempty"`
}

// FlagValue is a flag as it is to be.
type FlagValue struct {
	Name string `json:"name"`
	On   bool   `json:"on"`
	// OffFor are the parts of the app for which it is off although it is on,
	// sorted.
	OffFor []FlagScope `json:"offFor,omitempty"`
}

// Lane names what at most one order at a time may use.
func (o FlagOrder) Lane() string {
	if o.Flag.File != nil || o.Only.Whole() {
		return o.Flag.Lane()
	}
	return o.Flag.Lane() + o.Only.For()
}

// FlagWorld is what can be seen of whether the app was told.
type FlagWorld struct {
	// Known says that it can be seen at all; a request that was sent cannot.
	Known bool `json:"known"`
	// Told says that everything is as the order says.
	Told bool `json:"told"`
}
