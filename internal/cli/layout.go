package cli

import (
	"fmt"
	"os"
	"path/filepath"
)

// layout knows where things lie in a state folder.
type layout string

func (l layout) socket() string     { return filepath.Join(string(l), "control.sock") }
func (l layout) journal() string    { return filepath.Join(string(l), "journal", "journal.db") }
func (l layout) lock() string       { return filepath.Join(string(l), "serve.lock") }
func (l layout) log() string        { return filepath.Join(string(l), "serve.log") }
func (l layout) proxy() string      { return filepath.Join(string(l), "proxy") }
func (l layout) instances() string  { return filepath.Join(string(l), "instances") }
func (l layout) containers() string { return filepath.Join(string(l), "containers") }
func (l layout) services() string   { return filepath.Join(string(l), "services") }
func (l layout) commands() string   { return filepath.Join(string(l), "commands") }
func (l layout) statics() string    { return filepath.Join(string(l), "statics") }
func (l layout) snapshots() string  { return filepath.Join(string(l), "snapshots") }
func (l layout) backups() string    { return filepath.Join(string(l), "backups") }
func (l layout) rehearsals() string { return filepath.Join(string(l), "rehearsals") }
func (l layout) pools() string      { return filepath.Join(string(l), "pools") }
func (l layout) flags() string      { return filepath.Join(string(l), "flags") }
func (l layout) key() string        { return filepath.Join(string(l), "secret.key") }

// make creates the folder, readable by its owner only.
func (l layout) make() error {
	if err := os.MkdirAll(string(l), 0o700); err != nil {
		return fmt.Errorf("create the state folder: %w; choose another with --state", err)
	}
	info, err := os.Stat(string(l))
	if err != nil {
		return fmt.Errorf("look at the state folder: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("the state folder %s is open to other users (mode %04o); run: chmod 700 %s", string(l), info.Mode().Perm(), string(l))
	}
	return nil
}

// signed is the list of signed checkpoints, signKey what signs it: outside the
// journal's folder, so that putting that back does not put them back.
func (l layout) signed() string  { return filepath.Join(string(l), "checkpoints.signed") }
func (l layout) signKey() string { return filepath.Join(string(l), "checkpoints.key") }
