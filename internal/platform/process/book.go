package process

import "cutover/internal/durable"

// book is what is remembered of an app as a whole.
type book struct {
	// Fence is the highest one an order ever had.
	Fence uint64 `json:"fence"`
	// Last is the number of the newest slot; numbers are never used again.
	Last int `json:"last"`
}

// readBook returns the zero book for an app that never had one.
func readBook(path string) (book, error) {
	b, _, err := durable.ReadRecord[book](path)
	return b, err
}

func (b book) write(path string) error { return durable.WriteRecord(path, b) }
