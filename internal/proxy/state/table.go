package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"cutover/internal/proxy/route"
)

// The names of the two copies. Each is whole or absent at every instant.
const (
	mainName = "table.json"
	copyName = "table.copy.json"
)

// format marks the file as ours and says how to read it.
const format = "cutover-proxy-table/1"

// file is what lies on disk. SHA256 covers the bytes of Table.
type file struct {
	Format string `json:"format"`
	// After is the checksum of the table that this one follows; in the slot only.
	After  string          `json:"after,omitempty"`
	SHA256 string          `json:"sha256"`
	Table  json.RawMessage `json:"table"`
}

// kept is a table that was read from a file, and its checksum.
type kept struct {
	table   route.Table
	content []byte // of the whole file
	text    json.RawMessage
	sum     string
	after   string
}

// Load returns the table that was saved last. Where the main file is
// missing or damaged the copy is used, and notice says what was wrong. With
// neither file the table is empty. With no good file among those that exist
// it fails: an empty table would turn every user away.
func (d *Dir) Load() (table route.Table, notice string, err error) {
	base, notice, err := d.files()
	if err != nil {
		return route.Table{}, "", err
	}
	// A process may have ended before it had put what it began in its place.
	if next, err := read(d.Path(slotName)); err == nil && next.after == base.sum {
		d.pending, d.placed, d.sum = encode(next.text, next.sum, ""), false, next.sum
		return next.table, notice, nil
	}
	d.sum = base.sum
	return base.table, notice, nil
}

// files reads the two copies, and notes what they lack.
func (d *Dir) files() (base kept, notice string, err error) {
	main, mainErr := read(d.Path(mainName))
	second, copyErr := read(d.Path(copyName))
	switch {
	case mainErr == nil:
		if copyErr != nil || second.sum != main.sum {
			d.pending, d.placed = main.content, true
		}
		return main, "", nil
	case copyErr == nil:
		d.pending, d.placed = second.content, false
		return second, fmt.Sprintf("%v; serving the last good copy, generation %d", mainErr, second.table.Generation), nil
	case errors.Is(mainErr, fs.ErrNotExist) && errors.Is(copyErr, fs.ErrNotExist):
		return kept{}, "", nil
	}
	return kept{}, "", fmt.Errorf("load the routing table: %w; restore one of the files, or remove both and let the control plane route every app again",
		errors.Join(mainErr, copyErr))
}

// Save makes table the one that Load returns, whatever happens afterwards.
// When it fails, Load returns this table or the one before.
func (d *Dir) Save(table route.Table) error {
	if err := d.Begin(table); err != nil {
		return err
	}
	return d.Complete()
}

// Begin is the first half of Save, and fast: from here on Load returns table
// after a crash, but there is no second copy of it that could stand in for a
// damaged file. When it fails, Load returns this table or the one before.
func (d *Dir) Begin(table route.Table) error {
	body, err := json.Marshal(table)
	if err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	// The slot may be the only place of the table before.
	if err := d.place(); err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	sum := hex.EncodeToString(digest[:])
	if err := d.overwrite(slotName, encode(body, sum, d.sum)); err != nil {
		return fmt.Errorf("write %s: %w", slotName, err)
	}
	d.pending, d.placed, d.sum = encode(body, sum, ""), false, sum
	return nil
}

// Complete is the second half. It may be repeated after a failure, and does
// nothing where nothing is left to do.
func (d *Dir) Complete() error {
	if err := d.place(); err != nil || d.pending == nil {
		return err
	}
	if err := d.replace(copyName, d.pending); err != nil {
		return fmt.Errorf("write %s: %w", copyName, err)
	}
	d.pending = nil
	return nil
}

// place puts what is pending into the main file, unless it is there.
func (d *Dir) place() error {
	if d.pending == nil || d.placed {
		return nil
	}
	if err := d.replace(mainName, d.pending); err != nil {
		return fmt.Errorf("write %s: %w", mainName, err)
	}
	d.placed = true
	return nil
}

// replace puts content in place of a file without a moment in which the file
// is missing or partly written, and makes both file and name durable.
func (d *Dir) replace(name string, content []byte) error {
	temp := d.Path(name + ".tmp")
	d.at(name, "create")
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for len(content) > 0 && err == nil {
		d.at(name, "write")
		n := min(len(content), writeSize)
		_, err = f.Write(content[:n])
		content = content[n:]
	}
	d.at(name, "sync")
	if err == nil {
		err = f.Sync()
	}
	d.at(name, "close")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	d.at(name, "rename")
	if err := os.Rename(temp, d.Path(name)); err != nil {
		return err
	}
	d.at(name, "sync folder")
	err = syncDir(d.path)
	d.at(name, "done")
	return err
}

// writeSize is how much is written at once: a page.
const writeSize = 4096

func (d *Dir) at(file, step string) {
	if d.AtStep != nil {
		d.AtStep(file, step)
	}
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func read(path string) (kept, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return kept{}, err
	}
	return decode(path, content)
}

// encode makes the content of a file. That of valid JSON cannot fail.
func encode(body json.RawMessage, sum, after string) []byte {
	whole, err := json.Marshal(file{Format: format, After: after, SHA256: sum, Table: body})
	if err != nil {
		panic(fmt.Sprintf("encode the table file: %v", err))
	}
	return whole
}

// decode reads the content of the file at path.
func decode(path string, content []byte) (kept, error) {
	var f file
	if err := strict(content, &f); err != nil || f.Format == "" {
		return kept{}, fmt.Errorf("%s is torn or not a routing table", path)
	}
	if f.Format != format {
		return kept{}, fmt.Errorf("%s has format %q, this cutover reads %q", path, f.Format, format)
	}
	sum := sha256.Sum256(f.Table)
	if hex.EncodeToString(sum[:]) != f.SHA256 {
		return kept{}, fmt.Errorf("%s does not match its checksum", path)
	}
	var table route.Table
	if err := strict(f.Table, &table); err != nil {
		return kept{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := table.Check(); err != nil {
		return kept{}, fmt.Errorf("%s: %w", path, err)
	}
	return kept{table: table, content: content, text: f.Table, sum: f.SHA256, after: f.After}, nil
}

// strict decodes the whole of content and refuses fields it does not know.
func strict(content []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("something follows the end")
	}
	return nil
}
