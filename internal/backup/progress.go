package backup

// The stages of taking, verifying and restoring a backup.
const (
	Dumping   Stage = "dumping"
	Summing   Stage = "summing"
	Hashing   Stage = "hashing"
	Restoring Stage = "restoring"
)

// Stage is what is being done.
type Stage string

// Progress says how far it has come.
type Progress struct {
	Stage Stage
	// Bytes is the size of the dump so far, for Dumping.
	Bytes int64
	// Table is the one being summed, the Done-th (from 1) of Total.
	Table       string
	Done, Total int
}
