package signal

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Shape says what the numbers of a source are.
type Shape string

// The shapes. A Level is a number as it is now, a Share a part of a whole as
// they are now. A Rate is the growth of a counter per second; what is Counted
// is the growth of a part (what went badly) in that of a whole.
const (
	Level   Shape = "level"
	Share   Shape = "share"
	Rate    Shape = "rate"
	Counted Shape = "counted"
)

func (s Shape) grows() bool { return s == Rate || s == Counted }

// Compare says what the new side is compared with.
type Compare string

// The comparisons: the other side now, the time before the release, a number.
const (
	WithBlue     Compare = "blue"
	WithBaseline Compare = "baseline"
	WithLimit    Compare = "limit"
)

// Direction says which way is worse.
type Direction string

// The directions.
const (
	Higher Direction = "higher"
	Lower  Direction = "lower"
)

// Role says what a signal may do.
type Role string

// The roles. A Guard acts at once, by itself. Evidence is weighed together
// with everything else by internal/analysis.
const (
	Guard    Role = "guard"
	Evidence Role = "evidence"
)

// Action is what follows when a guard finds it worse.
type Action string

// The actions. What a plan is to be taken back for goes by its own rules;
// AskPerson pauses it and leaves the choice to a person. The zero value is
// TakeItBack.
const (
	TakeItBack Action = ""
	AskPerson  Action = "pause"
)

// Merge says how the levels of a side's instances become one.
type Merge string

// The merges; the zero value is Worst for levels and Sum for rates.
const (
	Worst Merge = "worst"
	Sum   Merge = "sum"
	Mean  Merge = "mean"
)

// Signal is one number by which a release is judged.
type Signal struct {
	// Name is what it is called, in conditions too: letters, digits and _.
	Name   string `json:"name"`
	Source Source `json:"source"`
	Shape  Shape  `json:"shape"`
	Unit   Unit   `json:"unit"`
	// Shared says that both sides share one number.
	Shared bool `json:"shared,omitempty"`
	// ByRequest counts the source's counter in the requests of the side.
	ByRequest bool      `json:"byRequest,omitempty"`
	Merge     Merge     `json:"merge,omitempty"`
	Compare   Compare   `json:"compare"`
	Worse     Direction `json:"worse"`
	Role      Role      `json:"role"`
	// Limit is the number compared with, in Unit, where Compare says so.
	Limit float64 `json:"limit,omitempty"`
	// Factor is how many times the other's number is still no worse, 1 or
	// more; Least is a difference, in Unit, that is none.
	Factor float64 `json:"factor,omitempty"`
	Least  float64 `json:"least,omitempty"`
	// Weight is that of evidence, relative to other signals.
	Weight float64 `json:"weight,omitempty"`
	// Action is what a guard does that is worse for long enough.
	Action Action `json:"action,omitempty"`
	// For is how long a guard must find it without a break before it acts.
	For time.Duration `json:"for,omitempty"`
	// Window is over how long the growth of counters is taken.
	Window time.Duration `json:"window,omitempty"`
	// Stale is how old a reading may be.
	Stale time.Duration `json:"stale"`
}

// Bounds of what is remembered of a signal.
const (
	maxRows   = 512
	leastRows = 64
	// MaxName is the longest name of a signal, in characters.
	MaxName = 40
)

var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// reserved are the words that CEL keeps for itself.
var reserved = []string{"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}

// CheckName says why a signal cannot be called that, nil if it can.
func CheckName(name string) error {
	switch {
	case len(name) > MaxName || !nameForm.MatchString(name):
		return fmt.Errorf("%q cannot name a signal: use letters, digits and _, beginning with a letter, at most %d characters", name, MaxName)
	case slices.Contains(reserved, name):
		return fmt.Errorf("%q cannot name a signal: conditions have another use for the word", name)
	}
	return nil
}

// Check returns what is wrong with the signal, nil for nothing. It asks no
// source.
func (s Signal) Check() error {
	return errors.Join(CheckName(s.Name), s.checkSource(), s.checkShape(), s.checkComparison(), s.checkRole(), s.checkTimes())
}

func (s Signal) checkSource() error {
	src := s.Source
	switch src.Kind {
	case Prometheus, Endpoint, Postgres, PgBouncer:
		if src.At == "" {
			return fmt.Errorf("%s needs the address of the server", src.Kind)
		}
	case Process, Log, Cache:
	default:
		return fmt.Errorf("there is no source %q: write one of %s", src.Kind, join(Kinds()))
	}
	if src.Query == "" {
		return fmt.Errorf("%s is asked for nothing", src.Kind)
	}
	for _, text := range []string{src.At, src.Query, src.Of, src.Only} {
		if err := checkPlaceholders(text); err != nil {
			return err
		}
	}
	switch src.Kind {
	case Prometheus:
		return errors.Join(checkBrackets(src.Query), checkBrackets(src.Of))
	case Endpoint:
		return nil
	case Log:
		if _, err := FindMeasure(Log, src.Query); err == nil {
			return nil
		}
		if _, err := regexp.Compile(src.Query); err != nil {
			return fmt.Errorf("the pattern cannot be read: %w", err)
		}
		return nil
	}
	m, err := FindMeasure(src.Kind, src.Query)
	switch {
	case err != nil:
		return err
	case s.ByRequest && m.Shape == Rate:
		return nil
	case m.Unit != s.Unit || m.Shape != s.Shape:
		return fmt.Errorf("%s of %s is a %s in %s, not a %s in %s", m.Name, src.Kind, m.Shape, m.Unit, s.Shape, s.Unit)
	case m.Name == SlowStatements && src.Longer <= 0:
		return errors.New("slow_statements needs longer: from when on a statement is slow, such as 1s")
	}
	return nil
}

var placeholderForm = regexp.MustCompile(`\{\{[^{}]*\}\}`)

func checkPlaceholders(text string) error {
	for _, p := range placeholderForm.FindAllString(text, -1) {
		if !slices.Contains(placeholders, p) {
			return fmt.Errorf("%s is not a placeholder: there are %s", p, strings.Join(placeholders, ", "))
		}
	}
	return nil
}

// checkBrackets finds a query that was cut off. Whether it means anything only
// the server can say.
func checkBrackets(query string) error {
	var open []rune
	var quote rune
	closes := map[rune]rune{')': '(', ']': '[', '}': '{'}
	escaped := false
	for _, c := range query {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quote != 0 && quote != '`':
			escaped = true
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			open = append(open, c)
		case closes[c] != 0:
			if len(open) == 0 || open[len(open)-1] != closes[c] {
				return fmt.Errorf("the query has a %c that closes nothing", c)
			}
			open = open[:len(open)-1]
		}
	}
	switch {
	case quote != 0:
		return fmt.Errorf("the query has a %c that is not closed", quote)
	case len(open) > 0:
		return fmt.Errorf("the query has a %c that is not closed", open[len(open)-1])
	}
	return nil
}

func (s Signal) checkShape() error {
	whole := s.Source.Of != "" || s.ByRequest || s.Source.Kind == Cache
	switch {
	case !slices.Contains([]Shape{Level, Share, Rate, Counted}, s.Shape):
		return fmt.Errorf("the shape %q is not known", s.Shape)
	case !slices.Contains(Units(), s.Unit):
		return fmt.Errorf("the unit %q is not known: write one of %s", s.Unit, join(Units()))
	case (s.Shape == Share || s.Shape == Counted) != (s.Unit == Ratio) && (s.Shape == Share || s.Shape == Counted):
		return fmt.Errorf("a part of a whole is a ratio, not %s", s.Unit)
	case s.Shape == Counted && !whole:
		return errors.New("a counted signal needs the whole: all beside bad")
	case s.ByRequest && (s.Shape != Counted || s.Shared):
		return errors.New("per request needs a counter of each side")
	case !slices.Contains([]Merge{"", Worst, Sum, Mean}, s.Merge):
		return fmt.Errorf("instances cannot be put together by %q: write worst, sum or mean", s.Merge)
	case s.Shared && (s.Source.Kind == Process || s.Source.Kind == Log || s.Source.Kind == Cache && s.Source.Query == Misses):
		return fmt.Errorf("%s is always read by side", s.Source.Kind)
	}
	return nil
}

func (s Signal) checkComparison() error {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	switch {
	case s.Worse != Higher && s.Worse != Lower:
		return fmt.Errorf("worse is %q: write higher or lower", s.Worse)
	case !finite(s.Limit) || !finite(s.Factor) || !finite(s.Least) || s.Least < 0:
		return errors.New("limit, tolerance and least must be numbers, least not below 0")
	case s.Compare == WithLimit:
		return nil
	case s.Compare != WithBlue && s.Compare != WithBaseline:
		return fmt.Errorf("it is compared with %q: write blue, baseline or limit", s.Compare)
	case s.Factor < 1:
		return errors.New("the tolerance must not be below 0%")
	case s.Compare == WithBlue && s.Shared:
		return errors.New("both sides share the number, so it cannot be compared with blue: use baseline or limit, or let the query tell the sides apart by {{side}} or {{version}}")
	}
	return nil
}

func (s Signal) checkRole() error {
	switch {
	case s.Action != TakeItBack && s.Action != AskPerson:
		return fmt.Errorf("the action %q is not known: write rollback or pause", s.Action)
	case s.Role == Guard:
		return nil
	case s.Role != Evidence:
		return fmt.Errorf("the role %q is not known: write guard or evidence", s.Role)
	case s.Shared:
		return errors.New("both sides share the number, so it is no evidence for either: make it a guard")
	case !(s.Weight > 0) || math.IsInf(s.Weight, 0):
		return errors.New("evidence needs a weight above 0, such as 0.1")
	case s.Shape == Counted && s.Worse != Higher:
		return errors.New("what is counted must be what went badly, so that higher is worse: count misses, not hits")
	case s.Shape == Counted && s.Compare != WithBlue:
		return errors.New("counted evidence is compared with blue; for a limit or the baseline make it a guard")
	case s.Action != TakeItBack:
		return errors.New("action is only for guards: evidence is weighed with everything else")
	case s.For != 0:
		return errors.New("for is only for guards: evidence gathers by itself")
	}
	return nil
}

func (s Signal) checkTimes() error {
	switch {
	case s.Stale <= 0:
		return errors.New("stale must be above 0: how old a reading may be")
	case s.For < 0 || s.Window < 0:
		return errors.New("for and window must not be below 0")
	case s.Shape.grows() && s.Window == 0:
		return errors.New("the growth of a counter needs a window above 0, such as 30s")
	}
	return nil
}

func join[S ~string](list []S) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}
