package release

// FlagOrder asks for the app to be told of a flag.
type FlagOrder struct {
	Stamp
	Flag Flag `json:"flag"`
	On   bool `json:"on"`
	// All are the flags that are told in the same file, this one among them,
	// sorted by name; none where it is not told by a file.
	All []FlagValue `json:"all,omitempty"`
}

// FlagValue is a flag as it is to be.
type FlagValue struct {
	Name string `json:"name"`
	On   bool   `json:"on"`
}

// FlagWorld is what can be seen of whether the app was told.
type FlagWorld struct {
	// Known says that it can be seen at all; a request that was sent cannot.
	Known bool `json:"known"`
	// Told says that everything is as the order says.
	Told bool `json:"told"`
}
