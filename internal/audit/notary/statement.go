package notary

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cutover/internal/store"
)

// format is the first line of every statement.
const format = "cutover/signed-checkpoint/v1"

// Statement says that a journal had reached Head at a time.
type Statement struct {
	store.Head
	At time.Time `json:"at"`
	// GivenUp is nil, or says that this statement begins a journal that was
	// put back: the records after Kept, up to Lost, were given up knowingly.
	GivenUp *GivenUp `json:"givenUp,omitempty"`
}

// GivenUp is a loss that somebody accepted.
type GivenUp struct {
	// Kept is the last record both journals share, Lost the last one that was
	// vouched for before.
	Kept int64 `json:"kept"`
	Lost int64 `json:"lost"`
}

// Sign returns the statement as a signed note, on one line.
func (k Key) Sign(s Statement) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n%s\n", format, s.Seq, s.Hash, s.At.UTC().Format(time.RFC3339Nano))
	if s.GivenUp != nil {
		text += fmt.Sprintf("gave up %d-%d\n", s.GivenUp.Kept, s.GivenUp.Lost)
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return strconv.Quote(string(signed)), nil
}

// errSignature means that a line was signed by another key, or changed.
var errSignature = errors.New("its signature does not fit")

// Read returns the statement on a line that Sign wrote, if the signature holds.
func (v Verifier) Read(line string) (Statement, error) {
	var s Statement
	signed, err := strconv.Unquote(line)
	if err != nil {
		return s, errors.New("it is not a signed checkpoint")
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v.verifier))
	if err != nil {
		return s, fmt.Errorf("%w: it was not signed with the key %s, or was changed afterwards", errSignature, short(v.text))
	}
	lines := strings.Split(strings.TrimSuffix(n.Text, "\n"), "\n")
	if len(lines) < 4 || len(lines) > 5 || lines[0] != format {
		return s, errors.New("it says something that this version does not know; use the cutover that wrote it, or a newer one")
	}
	s.Hash = lines[2]
	if s.Seq, err = strconv.ParseInt(lines[1], 10, 64); err == nil {
		s.At, err = time.Parse(time.RFC3339Nano, lines[3])
	}
	if err == nil && len(lines) == 5 {
		s.GivenUp = &GivenUp{}
		_, err = fmt.Sscanf(lines[4], "gave up %d-%d", &s.GivenUp.Kept, &s.GivenUp.Lost)
	}
	if err != nil || s.Seq < 1 || len(s.Hash) != 64 {
		return s, errors.New("its content makes no sense")
	}
	return s, nil
}

// short is enough of a key to tell it from others.
func short(key string) string {
	parts := strings.SplitN(key, "+", 3)
	return strings.Join(parts[:min(2, len(parts))], "+")
}
