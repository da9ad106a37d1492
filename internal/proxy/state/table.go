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

// The names of the two copies. Save writes the first, then the second; each
// is whole or absent at every instant.
const (
	mainName = "table.json"
	copyName = "table.copy.json"
)

// format marks the file as ours and says how to read it.
const format = "cutover-proxy-table/1"

// file is what lies on disk. SHA256 covers the bytes of Table.
type file struct {
	Format string          `json:"format"`
	SHA256 string          `json:"sha256"`
	Table  json.RawMessage `json:"table"`
}

// Load returns the table that was saved last. Where the main file is
// missing or damaged the copy is used, and notice says what was wrong. With
// neither file the table is empty. With no good file among those that exist
// it fails: an empty table would turn every user away.
func (d *Dir) Load() (table route.Table, notice string, err error) {
	table, mainErr := read(d.Path(mainName))
	if mainErr == nil {
		return table, "", d.compare()
	}
	second, copyErr := read(d.Path(copyName))
	switch {
	case copyErr == nil:
		return second, fmt.Sprintf("%v; serving the last good copy, generation %d", mainErr, second.Generation), nil
	case errors.Is(mainErr, fs.ErrNotExist) && errors.Is(copyErr, fs.ErrNotExist):
		return route.Table{}, "", nil
	}
	return route.Table{}, "", fmt.Errorf("load the routing table: %w; restore one of the files, or remove both and let the control plane route every app again",
		errors.Join(mainErr, copyErr))
}

// compare notes what the copy lacks: the last process may have ended between
// the two.
func (d *Dir) compare() error {
	main, err := os.ReadFile(d.Path(mainName))
	if err != nil {
		return err
	}
	if second, err := os.ReadFile(d.Path(copyName)); err != nil || !bytes.Equal(main, second) {
		d.pending = main
	}
	return nil
}

// Save makes table the one that Load returns, whatever happens afterwards.
// When it fails, Load returns this table or the one before.
func (d *Dir) Save(table route.Table) error {
	if err := d.Begin(table); err != nil {
		return err
	}
	return d.Complete()
}

// Begin is the first half of Save: from here on Load returns table after a
// crash, but there is no second copy of it that could stand in for a damaged
// file. When it fails, Load returns this table or the one before.
func (d *Dir) Begin(table route.Table) error {
	body, err := json.Marshal(table)
	if err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	sum := sha256.Sum256(body)
	whole, err := json.Marshal(file{Format: format, SHA256: hex.EncodeToString(sum[:]), Table: body})
	if err != nil {
		return fmt.Errorf("encode table file: %w", err)
	}
	if err := d.replace(mainName, whole); err != nil {
		return fmt.Errorf("write %s: %w", mainName, err)
	}
	d.pending = whole
	return nil
}

// Complete is the second half. It may be repeated after a failure, and does
// nothing where nothing is left to do.
func (d *Dir) Complete() error {
	if d.pending == nil {
		return nil
	}
	if err := d.replace(copyName, d.pending); err != nil {
		return fmt.Errorf("write %s: %w", copyName, err)
	}
	d.pending = nil
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

func read(path string) (route.Table, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return route.Table{}, err
	}
	return decode(path, content)
}

// decode reads the content of the file at path.
func decode(path string, content []byte) (route.Table, error) {
	var f file
	if err := strict(content, &f); err != nil || f.Format == "" {
		return route.Table{}, fmt.Errorf("%s is torn or not a routing table", path)
	}
	if f.Format != format {
		return route.Table{}, fmt.Errorf("%s has format %q, this cutover reads %q", path, f.Format, format)
	}
	sum := sha256.Sum256(f.Table)
	if hex.EncodeToString(sum[:]) != f.SHA256 {
		return route.Table{}, fmt.Errorf("%s does not match its checksum", path)
	}
	var table route.Table
	if err := strict(f.Table, &table); err != nil {
		return route.Table{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := table.Check(); err != nil {
		return route.Table{}, fmt.Errorf("%s: %w", path, err)
	}
	return table, nil
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
