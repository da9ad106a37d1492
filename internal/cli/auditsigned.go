package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"cutover/internal/audit"
	"cutover/internal/audit/notary"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

// newAuditKeyCommand prints what verifies this controller's signatures.
func newAuditKeyCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Print the public key that the signed checkpoints are verified with",
		Long: "Prints the public key. Keep it elsewhere: whoever has it and a copy of the signed checkpoints can tell\n" +
			"whether a journal was rewritten, cut off or put back. A key is made with the first start.",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := notary.LoadKey(s.layout().signKey())
			if errors.Is(err, fs.ErrNotExist) {
				return usage("there is no key yet: the first `cutover serve` or `cutover deploy` makes it; --state names another folder")
			}
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			if s.json {
				s.print(map[string]string{"key": key.Public()})
				return nil
			}
			fmt.Fprintln(s.out, key.Public())
			return nil
		},
	}
}

// verification is what `audit verify` was asked.
type verification struct {
	journal string
	lists   []string
	key     string
}

// audited is what it found.
type auditedJournal struct {
	audit.Report
	Signed []signedList `json:"signed"`
}

// signedList is a list of signed checkpoints that the journal matches.
type signedList struct {
	List        string    `json:"list"`
	Checkpoints int       `json:"checkpoints"`
	Seq         int64     `json:"seq"`
	At          time.Time `json:"at"`
}

// run reads what was signed before it reads the journal, which only grows.
func (v verification) run(ctx context.Context, l layout) (auditedJournal, error) {
	found := auditedJournal{Signed: []signedList{}}
	signed, err := v.statements(l)
	if err != nil {
		return found, err
	}
	j, err := sqlite.Open(ctx, v.journal, sqlite.Options{ReadOnly: true})
	if err != nil {
		return found, err
	}
	defer j.Close()
	if found.Report, err = j.Audit(ctx); err != nil {
		return found, err
	}
	for _, s := range signed {
		stands := notary.Standing(s.statements)
		err := notary.Agree(string(s.list), stands, found.Head, func(seq int64) (store.Head, error) { return j.HeadAt(ctx, seq) })
		if corrupt := new(store.CorruptError); errors.As(err, &corrupt) && corrupt.Place == "" {
			corrupt.Place = v.journal
			corrupt.Cure = "put back the journal that was signed; if its end is lost for good: cutover journal accept"
		}
		if err != nil {
			return found, err
		}
		if n := len(stands); n > 0 {
			found.Signed = append(found.Signed, signedList{string(s.list), n, stands[n-1].Seq, stands[n-1].At})
		}
	}
	return found, nil
}

type signedStatements struct {
	list       notary.List
	statements []notary.Statement
}

// statements reads the lists that were named, and the state folder's own
// unless another journal was named.
func (v verification) statements(l layout) ([]signedStatements, error) {
	var all []signedStatements
	own, ownErr := notary.LoadKey(l.signKey())
	if v.journal == l.journal() && ownErr == nil {
		if err := gather(&all, notary.List(l.signed()), own.Public()); err != nil {
			return nil, err
		}
	}
	for _, name := range v.lists {
		key := v.key
		if key == "" {
			if ownErr != nil {
				return nil, usage("which key signed %s? name it with --key", name)
			}
			key = own.Public()
		}
		if err := gather(&all, notary.List(name), key); err != nil {
			return nil, err
		}
		if len(all[len(all)-1].statements) == 0 {
			return nil, usage("%s has no signed checkpoint, so it can vouch for nothing", name)
		}
	}
	return all, nil
}

func gather(all *[]signedStatements, list notary.List, key string) error {
	v, err := notary.ParseVerifier(key)
	if err != nil {
		return usage("--key %q: %w", key, err)
	}
	statements, err := list.Statements(v)
	*all = append(*all, signedStatements{list, statements})
	return err
}
