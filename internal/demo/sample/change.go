package sample

import _ "embed"

//go:embed change.yaml
var change []byte

// Change returns the change of the schema, as a file says it, that the second
// version of the shop needs in the database of the first.
func Change() []byte { return append([]byte(nil), change...) }
