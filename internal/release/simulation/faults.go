package simulation

// Faults is a set of things that may go wrong in one history. Choosing a random
// subset for each history, rather than all of them always, is what lets some
// histories get far enough for the late phases to be tested.
type Faults uint32

// The faults.
const (
	NewCrashes Faults = 1 << iota
	OldCrashes
	ReadinessFlaps
	NewNeverReady
	NewFails
	BothFail
	NoTraffic
	SlowRequests
	ChecksFail
	PlatformUnseen
	FrontUnseen
	SchemaUnseen
	FrontRestarts
	ActionsFail
	ActionsLie
	ControllerCrashes
	OperatorPauses
	OperatorPushes
	OperatorAborts
	OperatorRetires
	TimeJumps
	// NewDiffers has the new version give other answers than the old one.
	NewDiffers
	// SignalsUnseen has what the release is judged by beside its requests missing.
	SignalsUnseen
	// ChangeHarms has a rehearsal find that the change takes something away,
	// ChangeBreaks that it does not even run.
	ChangeHarms
	ChangeBreaks
	// CacheUnseen has the cache not answer.
	CacheUnseen
	// PoolUnseen has PgBouncer not answer when a pause is to end.
	PoolUnseen
	// ClockErrs sets the clock far ahead, and back again.
	ClockErrs
	faultsEnd
)

// AllFaults is every fault there is.
const AllFaults = faultsEnd - 1
