package release

// Experience is what the users of a side experienced; those who chose the side
// themselves, to test it, are not among them. All but Clients only grow within
// one epoch of the front's counters.
type Experience struct {
	// Requests have ended: answered, or lost. Whoever went away is in neither.
	Requests uint64 `json:"requests"`
	// Bad are the requests that got a 5xx, or no whole answer. BadClients are
	// the same with each client counted once in ten seconds at most.
	Bad        uint64 `json:"bad"`
	BadClients uint64 `json:"badClients"`
	// Stricken counts clients with a bad request, each once in an hour.
	Stricken uint64 `json:"stricken"`
	// Clients is how many different ones there were in the last ten seconds.
	Clients uint64 `json:"clients"`
	// Latency is how long good answers took, each client counted once in ten
	// seconds at most, by bins of package analysis; empty ones are left out.
	Latency []Took `json:"latency,omitempty"`
}

// Took counts the answers of one bin.
type Took struct {
	Bin   int    `json:"bin"`
	Count uint64 `json:"count"`
}
