package release

// Experience is what the users of a side experienced; those who chose the side
// themselves, to test it, are not among them. All but Clients and BadNow only grow
// within one epoch of the front's counters.
type Experience struct {
	// Requests have ended: answered, or lost. Whoever went away is in neither.
	Requests uint64 `json:"requests"`
	// Bad are the requests that got a 5xx, or no whole answer. BadClients are
	// the same with each client counted once in ten minutes at most.
	Bad        uint64 `json:"bad"`
	BadClients uint64 `json:"badClients"`
	// Clients is how many different ones there were in the last ten seconds,
	// and BadNow how many of them had a bad request.
	Clients uint64 `json:"clients"`
	BadNow  uint64 `json:"badNow"`
	// Latency is how long good answers took, each client counted once in a
	// minute at most, by bins of package analysis; empty ones are left out.
	Latency []Took `json:"latency,omitempty"`
}

// Took counts the answers of one bin.
type Took struct {
	Bin   int    `json:"bin"`
	Count uint64 `json:"count"`
}
