package audit

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/store"
)

// CheckpointFile is the path of the small file that says how far a journal
// once reached. It lies outside the journal, so that a journal whose end was
// cut off, or an older copy put in its place, does not match it.
type CheckpointFile string

// format is the first member of every checkpoint file.
const format = "cutover/checkpoint/v1"

// mostBytes is far more than a checkpoint needs; a larger file is not one.
const mostBytes = 4096

type checkpoint struct {
	Format string `json:"format"`
	store.Head
}

// CheckpointOf returns where the checkpoint of the journal at path belongs:
// "journal.checkpoint" beside "journal.db".
func CheckpointOf(path string) CheckpointFile {
	return CheckpointFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".checkpoint")
}

// Load reads the checkpoint. found is false, without an error, if there is no
// file. A file that is no checkpoint is a *store.CorruptError.
func (f CheckpointFile) Load() (head store.Head, found bool, err error) {
	file, err := os.Open(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return store.Head{}, false, nil
	}
	if err != nil {
		return store.Head{}, false, fmt.Errorf("read the journal's checkpoint: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostBytes))
	if err != nil {
		return store.Head{}, false, fmt.Errorf("read the journal's checkpoint %s: %w", f, err)
	}
	var c checkpoint
	if err := json.Unmarshal(text, &c); err != nil || !c.valid() {
		return store.Head{}, false, f.unreadable()
	}
	return c.Head, true, nil
}

func (c checkpoint) valid() bool {
	raw, err := hex.DecodeString(c.Hash)
	return err == nil && len(raw) == 32 && c.Format == format && c.Seq >= 0
}

func (f CheckpointFile) unreadable() error {
	return &store.CorruptError{
		Place: string(f), Reason: "this is not a checkpoint that cutover wrote",
		Cure: "put the right file back, or, to go on without proof that the journal's end is whole, move it aside",
	}
}

// Advance makes the checkpoint say that the journal reached head. A
// checkpoint that reaches as far or farther stays as it is: it may be the
// only evidence of records that are gone. The file is replaced as a whole, so
// that a crash leaves the old or the new one.
func (f CheckpointFile) Advance(head store.Head) error {
	have, found, err := f.Load()
	if err != nil {
		return err
	}
	if found && have.Seq >= head.Seq {
		return nil
	}
	text, err := json.Marshal(checkpoint{Format: format, Head: head})
	if err != nil {
		return fmt.Errorf("write the journal's checkpoint: %w", err)
	}
	if err := f.replace(append(text, '\n')); err != nil {
		return fmt.Errorf("write the journal's checkpoint: %w", err)
	}
	return nil
}

// replace syncs the file but not its folder: should the rename be lost with
// the power, the old checkpoint is back, and it holds as well.
func (f CheckpointFile) replace(text []byte) error {
	// The name is random, so that two controllers never share a half-written
	// file.
	temp, err := os.CreateTemp(filepath.Dir(string(f)), f.Unfinished()+"*")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// Unfinished is what the names of checkpoints begin with that are not yet in
// place, beside f. A process that dies leaves one behind.
func (f CheckpointFile) Unfinished() string { return "." + filepath.Base(string(f)) + "-" }
