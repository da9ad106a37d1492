package shadow

import "regexp"

// volatile is what changes in a page without meaning anything: quoted or bare
// ids, hashes, tokens, and digits, which times and counters are made of.
var volatile = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9A-Za-z_+/=-]{20,}|[0-9]+`)

func masked(text []byte) []byte { return volatile.ReplaceAll(text, []byte("#")) }
