package demo

import (
	"fmt"
	"io"

	"cutover/internal/release"
)

// Result is what the demo measured.
type Result struct {
	// OK says that every act ended as it should, nothing was lost and the
	// users' count agrees with the data plane's ledger.
	OK   bool   `json:"ok"`
	Lost uint64 `json:"lost"`
	Acts []Act  `json:"acts"`
	// Seconds is how long the whole demo took.
	Seconds float64 `json:"seconds"`
}

// Act is what happened in one release, by the users' own count.
type Act struct {
	Name    string `json:"name"`
	Release string `json:"release"`
	// Outcome is the state the release ended in, Expected the one it should.
	Outcome  string `json:"outcome"`
	Expected string `json:"expected"`
	// Accepted = Answered + ClientGone + Lost.
	Accepted   uint64 `json:"accepted"`
	Answered   uint64 `json:"answered"`
	ClientGone uint64 `json:"clientGone"`
	Lost       uint64 `json:"lost"`
	CutStreams uint64 `json:"cutStreams"`
	Errors     uint64 `json:"errors"`
	// Ledger is the data plane's count of the same requests.
	Ledger release.Counters `json:"ledger"`
	// Agree says that both counts are the same.
	Agree   bool    `json:"agree"`
	Seconds float64 `json:"seconds"`
	// ControllerAway is how long the killed control plane was missing.
	ControllerAway float64 `json:"controllerAwaySeconds,omitempty"`
	// BackAfter is the time from the rollback command to the last request
	// that reached the version taken back, in milliseconds.
	BackAfter *float64 `json:"rollbackMilliseconds,omitempty"`
	// Versions counts the answers of each version.
	Versions map[string]uint64 `json:"versions"`
	// Addresses is how many addresses users had been told are kept, since the
	// demo began; AddressesLost how many of them did not come back as written.
	Addresses     int    `json:"addresses"`
	AddressesLost int    `json:"addressesLost"`
	Reason        string `json:"reason,omitempty"`
}

func (a Act) ok() bool {
	return a.Outcome == a.Expected && a.Lost == 0 && a.CutStreams == 0 && a.Agree && a.AddressesLost == 0
}

// conclude sums the acts up.
func (r *Result) conclude() {
	r.OK, r.Lost = len(r.Acts) > 0, 0
	for _, a := range r.Acts {
		r.OK = r.OK && a.ok()
		r.Lost += a.Lost
	}
}

// Summary prints the result for people.
func (r Result) Summary(w io.Writer) {
	fmt.Fprintln(w)
	for _, a := range r.Acts {
		mark := "ok "
		if !a.ok() {
			mark = "BAD"
		}
		fmt.Fprintf(w, "%s  %s\n", mark, a.Name)
		fmt.Fprintf(w, "     %s: %s; %.1f s\n", a.Outcome, a.Reason, a.Seconds)
		fmt.Fprintf(w, "     %d requests accepted = %d answered + %d client gone + %d lost; %d streams cut; by version %v\n",
			a.Accepted, a.Answered, a.ClientGone, a.Lost, a.CutStreams, a.Versions)
		fmt.Fprintf(w, "     %d addresses written so far, whichever column they went into; %d lost\n", a.Addresses, a.AddressesLost)
		if !a.Agree {
			fmt.Fprintf(w, "     the data plane's ledger differs: %+v\n", a.Ledger)
		}
		if a.ControllerAway > 0 {
			fmt.Fprintf(w, "     the control plane was dead for %.1f s and took the release up again\n", a.ControllerAway)
		}
		if a.BackAfter != nil {
			fmt.Fprintf(w, "     last request on the version taken back: %.1f ms after the command\n", *a.BackAfter)
		}
	}
	verdict := "every request was answered; the users' count and the data plane's ledger agree"
	if !r.OK {
		verdict = "THE DEMO FAILED"
	}
	fmt.Fprintf(w, "\n%d lost, %.0f s: %s\n", r.Lost, r.Seconds, verdict)
}
