package load

import (
	"time"

	"cutover/internal/release"
)

// Report is the account of everything the crowd did, up to one moment. All
// numbers in it belong together. After Stop nothing is in flight.
type Report struct {
	// Took is the time since Start, until Stop if that was called.
	Took     time.Duration `json:"took"`
	Requests Requests      `json:"requests"`
	Streams  Streams       `json:"streams"`
	// Versions is keyed by the X-App-Version of the answer; answers without
	// one are under "".
	Versions map[string]Version `json:"versions"`
	// LostBy says how the lost requests were lost.
	LostBy map[Reason]uint64 `json:"lostBy"`
	// Status counts the answered requests by class: Status[5] are the 5xx.
	Status [6]uint64 `json:"status"`
	// ProxyErrors are the lost requests the proxy answered itself.
	ProxyErrors uint64 `json:"proxyErrors"`
	// Mismatched are answers that belonged to another request, and echoes on
	// a WebSocket that were not what had been sent.
	Mismatched uint64 `json:"mismatched"`
	// Skipped are paced requests that were never sent because all connections
	// and the queue before them were full, or that Stop found in the queue.
	Skipped uint64 `json:"skipped"`
	// IdleClosed are connections the other side closed between two requests.
	IdleClosed uint64 `json:"idleClosed"`
}

// Requests counts what was not a stream, attempts to open one that failed
// included: Sent = Answered + ClientGone + Lost + what is in flight. An
// attempt is in flight here until it becomes a stream, and then counts there
// instead.
type Requests struct {
	Sent       uint64 `json:"sent"`
	Answered   uint64 `json:"answered"`
	ClientGone uint64 `json:"clientGone"`
	Lost       uint64 `json:"lost"`
}

// InFlight is how many requests have no fate yet.
func (r Requests) InFlight() uint64 { return r.Sent - r.Answered - r.ClientGone - r.Lost }

// Streams counts the SSE and WebSocket streams that really began:
// Opened = EndedCleanly + Cut + EndedByClient + what is open.
type Streams struct {
	Opened uint64 `json:"opened"`
	// EndedCleanly had their regular end: the last chunk, or a close frame.
	EndedCleanly uint64 `json:"endedCleanly"`
	// Cut had not, or fell silent.
	Cut uint64 `json:"cut"`
	// EndedByClient were closed by Stop.
	EndedByClient uint64 `json:"endedByClient"`
}

// Open is how many streams are open.
func (s Streams) Open() uint64 { return s.Opened - s.EndedCleanly - s.Cut - s.EndedByClient }

// Version is what one version of the app did.
type Version struct {
	// Requests are the answered ones, Errors5xx those of them with a 5xx.
	Requests  uint64 `json:"requests"`
	Errors5xx uint64 `json:"errors5xx"`
	// Lost are requests that this version began to answer and did not
	// complete, or, under "", that the proxy answered.
	Lost uint64 `json:"lost"`
	// Streams are the streams that began.
	Streams uint64 `json:"streams"`
	// FirstSent and LastSent are when the first and the last of the requests
	// and streams that this version answered, or began to, were sent.
	FirstSent time.Time `json:"firstSent,omitzero"`
	LastSent  time.Time `json:"lastSent,omitzero"`
	// Latencies of paced requests, counted from when they were due.
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
}

// LastSeen returns when the last request or stream that the version answered,
// or began to answer, was sent: nothing sent later was answered by it.
// It is zero if the version never answered.
func (r Report) LastSeen(version string) time.Time { return r.Versions[version].LastSent }

// Counters returns the report in the words of the proxy's ledger, in which a
// stream is a request like any other: one with a clean end is answered, one
// the client closed is gone, one that was cut is lost. While anything is in
// flight, Accepted is greater than the sum of the other three by that much.
func (r Report) Counters() release.Counters {
	return release.Counters{
		Accepted:   r.Requests.Sent + r.Streams.Opened,
		Answered:   r.Requests.Answered + r.Streams.EndedCleanly,
		ClientGone: r.Requests.ClientGone + r.Streams.EndedByClient,
		Lost:       r.Requests.Lost + r.Streams.Cut,
		Errors:     r.Status[5] + r.ProxyErrors,
		CutStreams: r.Streams.Cut,
	}
}
