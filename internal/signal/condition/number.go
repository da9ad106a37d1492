package condition

import (
	"math"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// onlyNumbers makes every call whose result is no finite number an error: a
// division by 0 is otherwise infinite, and every comparison with that is
// true or false without saying anything.
func onlyNumbers(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	if call, ok := i.(interpreter.InterpretableCall); ok {
		return finite{call}, nil
	}
	return i, nil
}

type finite struct{ interpreter.InterpretableCall }

// Eval implements interpreter.Interpretable.
func (f finite) Eval(a interpreter.Activation) ref.Val { return f.judge(f.InterpretableCall.Eval(a)) }

// Exec implements interpreter.InterpretableV2.
func (f finite) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	return f.judge(f.InterpretableCall.Exec(frame))
}

func (f finite) judge(v ref.Val) ref.Val {
	d, ok := v.(types.Double)
	if !ok || !math.IsNaN(float64(d)) && !math.IsInf(float64(d), 0) {
		return v
	}
	if f.Function() == operators.Divide {
		return types.NewErr("there is nothing to divide by")
	}
	return types.NewErr("a result is not a number")
}
