package condition

import (
	"fmt"
	"strings"

	"cutover/internal/signal"
)

// Evaluate says whether the condition holds. values has the numbers of every
// signal by name. If a number that the condition names is not known it waits,
// even where the rest of the sentence would decide without it.
func (p *Program) Evaluate(at signal.Moment, values map[string]signal.Values) signal.Finding {
	f := signal.Finding{Name: p.condition.Name, Role: signal.Guard}
	input := map[string]any{
		moment + ".phase": at.Phase, moment + ".seconds": at.InStep.Seconds(),
		moment + ".step": at.Step, moment + ".weight": at.Weight,
	}
	var numbers []string
	for _, name := range p.needs {
		m := lookUp(values, name)
		if !m.Known {
			f.Reason = name + " is missing: " + m.Why
			return f
		}
		input[name] = m.Value
		numbers = append(numbers, fmt.Sprintf("%s %.4g", name, m.Value))
	}
	with := " (" + strings.Join(numbers, ", ") + ")"
	result, _, err := p.program.Eval(input)
	if err != nil {
		f.Reason = "it cannot be told: " + err.Error() + with
		return f
	}
	holds, ok := result.Value().(bool)
	switch {
	case !ok:
		f.Reason = fmt.Sprintf("it is neither true nor false but %v%s", result.Value(), with)
	case holds:
		f.Verdict, f.Reason = signal.Fine, p.condition.Expression+" holds"+with
	case p.condition.Otherwise == signal.TakeBack:
		f.Verdict, f.Reason = signal.Breached, p.condition.Expression+" does not hold"+with
	default:
		f.Verdict, f.Reason = signal.Worsened, p.condition.Expression+" does not hold"+with
	}
	return f
}

func lookUp(values map[string]signal.Values, name string) signal.Measured {
	group, short, _ := strings.Cut(name, ".")
	v, ok := values[short]
	switch {
	case !ok:
		return signal.Measured{Why: "it is not watched"}
	case group == green:
		return v.New
	case group == blue:
		return v.Old
	case group == baseline:
		return v.Baseline
	}
	return v.Shared
}
