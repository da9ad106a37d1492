package schema

import "errors"

// SQL is what the other operations cannot say: Up runs in one transaction at
// expand, Down at revert. With OnComplete, Up runs at contract instead.
type SQL struct {
	Up         string `yaml:"up"`
	Down       string `yaml:"down"`
	OnComplete bool   `yaml:"onComplete"`
}

// Kind implements Operation.
func (SQL) Kind() string { return "sql" }

// Target implements Operation.
func (SQL) Target() string { return "" }

// Validate implements Operation.
func (o SQL) Validate() error {
	if o.OnComplete && o.Down != "" {
		return errors.New("`down` would never run: contract, where onComplete runs `up`, is not taken back; leave one of them out")
	}
	if !o.OnComplete && o.Down == "" {
		return errors.Join(required("up", o.Up), errors.New("there is no `down`, so it could not be taken back; give one, or run it at contract with onComplete"))
	}
	return required("up", o.Up)
}

// Stages implements Operation.
func (o SQL) Stages() Stages {
	if o.OnComplete {
		return Stages{Contract: "run the statements", Locks: []Lock{{"contract", "not known", "what the statements lock, for at most the lock budget"}}, Reversible: WithData}.whole()
	}
	return Stages{Expand: "run `up` in one transaction", Revert: "run `down` in one transaction",
		Locks: []Lock{{"expand", "not known", "what the statements lock"}}, Reversible: ByHand}.whole()
}
