package condition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"

	"cutover/internal/signal"
)

// What an expression may be and cost. A comparison of two numbers costs 3 or
// 4, so this is some hundred of them.
const (
	maxLength = 2000
	maxCost   = 1000
	maxDepth  = 50
	maxPhase  = 32
)

// Program is a condition that compiled. It may be evaluated from several
// goroutines at once.
type Program struct {
	condition signal.Condition
	program   cel.Program
	// needs are the names of numbers it uses, such as green.memory.
	needs []string
}

// Compile reads a condition. The error, a *Mistake, says where it does not
// compile, names what does not exist, may cost too much, or is not a matter
// of true and false.
func Compile(c signal.Condition, signals []signal.Signal) (*Program, error) {
	names := variablesOf(signals)
	if len(c.Expression) > maxLength {
		return nil, &Mistake{1, 1, fmt.Sprintf("the condition has more than %d characters", maxLength), "split it into several"}
	}
	env, err := cel.NewEnv(append(names.declare(),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(maxLength))...)
	if err != nil {
		return nil, fmt.Errorf("prepare the condition %s: %w", c.Name, err)
	}
	parsed, issues := env.Parse(c.Expression)
	if m := firstMistake(issues); m != nil {
		return nil, m
	}
	if m := names.misused(parsed.NativeRep()); m != nil {
		return nil, m
	}
	checked, issues := env.Check(parsed)
	if m := firstMistake(issues); m != nil {
		return nil, m
	}
	if kind := checked.OutputType(); !kind.IsExactType(cel.BoolType) {
		return nil, &Mistake{1, 1, fmt.Sprintf("it is a %s, neither true nor false", kind), "compare it with something, such as green.NAME < 2.0"}
	}
	return plan(c, env, checked, names)
}

func plan(c signal.Condition, env *cel.Env, checked *cel.Ast, names variables) (*Program, error) {
	p := &Program{condition: c, needs: references(checked.NativeRep(), names)}
	if len(p.needs) == 0 {
		return nil, &Mistake{1, 1, "it names no signal, so it says nothing of the new version", "compare a number, such as green.NAME < 2.0"}
	}
	estimate, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, fmt.Errorf("estimate the cost of the condition %s: %w", c.Name, err)
	}
	if estimate.Max > maxCost {
		return nil, &Mistake{1, 1, fmt.Sprintf("it may cost %d, more than %d", estimate.Max, maxCost), "write it without nested loops, or split it into several"}
	}
	p.program, err = env.Program(checked, cel.CostLimit(maxCost), cel.CustomDecoratorV2(onlyNumbers))
	if err != nil {
		return nil, fmt.Errorf("plan the condition %s: %w", c.Name, err)
	}
	return p, nil
}

// misused finds names that do not exist, to say so better than a compiler
// that does not know what they stand for.
func (v variables) misused(a *ast.AST) *Mistake {
	var m *Mistake
	complain := func(e ast.Expr, group, name string) {
		if m != nil {
			return
		}
		m = &Mistake{Line: 1, Column: 1}
		if at := a.SourceInfo().GetStartLocation(e.ID()); at.Line() > 0 {
			m.Line, m.Column = at.Line(), at.Column()+1
		}
		m.Reason, m.Cure = v.unknown(group, name)
	}
	for _, e := range ast.MatchDescendants(ast.NavigateAST(a), ast.KindMatcher(ast.IdentKind)) {
		group := e.AsIdent()
		names, known := v[group]
		if !known {
			continue
		}
		up, inside := e.Parent()
		switch {
		case !inside || up.Kind() != ast.SelectKind || up.AsSelect().IsTestOnly():
			complain(e, group, "")
		case !slices.Contains(names, up.AsSelect().FieldName()):
			complain(e, group, up.AsSelect().FieldName())
		}
	}
	return m
}

// references lists the numbers of signals that a checked expression uses.
func references(a *ast.AST, names variables) []string {
	used := map[string]bool{}
	for _, r := range a.ReferenceMap() {
		group, name, _ := strings.Cut(r.Name, ".")
		if group != moment && slices.Contains(names[group], name) {
			used[r.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// firstMistake is the first of what a compiler found.
func firstMistake(issues *cel.Issues) *Mistake {
	if issues == nil || len(issues.Errors()) == 0 {
		return nil
	}
	e := issues.Errors()[0]
	m := &Mistake{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column()+1, 1), Cure: "see https://cel.dev for how a condition is written"}
	if e.Location == common.NoLocation {
		m.Line, m.Column = 1, 1
	}
	text, _, _ := strings.Cut(e.Message, "\n")
	m.Reason = strings.TrimPrefix(text, "Syntax error: ")
	if strings.Contains(text, "(int, double)") || strings.Contains(text, "(double, int)") {
		m.Cure = "numbers of signals have a fraction: write 2.0 in place of 2, or double(release.step)"
	}
	return m
}

// sizes bounds what the cost estimate cannot know.
type sizes struct{}

func (sizes) EstimateSize(e cost.AstNode) *cost.SizeEstimate {
	if path := e.Path(); len(path) > 0 && strings.HasPrefix(path[0], moment+".") {
		return &cost.SizeEstimate{Max: maxPhase}
	}
	return nil
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
