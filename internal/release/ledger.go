package release

// LedgerAt returns the ledger as it stands with the front's counters as they
// are now. An ended release keeps the ledger it ended with.
func (s State) LedgerAt(now Traffic) Sides[Counters] {
	if !now.Known || s.Phase.Ended() || s.Phase == "" {
		return s.Ledger
	}
	return s.read(now.Reading()).Ledger
}
