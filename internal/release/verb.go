package release

import "fmt"

// Verb is what a person may ask of a release.
type Verb string

// The verbs.
const (
	// VerbNext ends the present hold without waiting for more evidence, or a
	// drain that has halted without waiting for what is left; where a
	// rehearsal has halted the release it approves of what was found.
	VerbNext Verb = "next"
	// VerbPromote ends every hold up to full traffic; guards stay armed.
	VerbPromote Verb = "promote"
	// VerbPause keeps traffic as it is; automatic rollback stays armed.
	VerbPause Verb = "pause"
	// VerbResume goes on after a pause, and tries again what had failed.
	VerbResume Verb = "resume"
	// VerbAbort takes a release back before it carries all traffic.
	VerbAbort Verb = "abort"
	// VerbRollback takes a release back at any time before it is retired.
	VerbRollback Verb = "rollback"
	// VerbRetire ends standby: the point of no return.
	VerbRetire Verb = "retire"
)

// Permits says why verb makes no sense in state s, or nil if it does.
func (s State) Permits(verb Verb) error {
	switch verb {
	case VerbPause:
		return s.permit(!s.Phase.Ended() && s.Phase != Reverting && s.Phase != Withdrawing && s.Halt == nil, verb, "it is "+s.Word())
	case VerbResume:
		return s.permit(s.Halt != nil, verb, "it is not paused")
	case VerbNext:
		draining := (s.Halt != nil || s.Plan.Drain.OnTimeout == DrainWait) && (s.Phase == Retiring || s.Phase == Reverting || s.Phase == Withdrawing)
		return s.permit(s.Phase == Shifting || s.Phase == Soaking || draining || s.toApprove(), verb, "it holds no traffic step now: it is "+s.Word())
	case VerbPromote:
		return s.permit(s.Phase.Reversible() && s.Phase != Standby, verb, "it is "+s.Word())
	case VerbAbort:
		if s.Phase == Soaking || s.Phase == Standby {
			return s.permit(false, verb, "it carries all traffic already; `cutover rollback` takes it back")
		}
		return s.permit(s.Phase.Reversible(), verb, "it is "+s.Word())
	case VerbRollback:
		if s.NoReturn {
			return s.permit(false, verb, "the old version was retired at "+s.NoReturnAt.UTC().Format("2006-01-02 15:04:05 UTC")+
				"; deploy the old version as a new release")
		}
		return s.permit(s.Phase.Reversible(), verb, "it is "+s.Word())
	case VerbRetire:
		return s.permit(s.Phase == Standby, verb, "it is not in standby: it is "+s.Word())
	}
	return fmt.Errorf("unknown verb %q", verb)
}

func (s State) permit(ok bool, verb Verb, why string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("cannot %s release %s: %s", verb, s.Release, why)
}
