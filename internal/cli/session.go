package cli

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"cutover/internal/api"

	"golang.org/x/term"
)

// session is one run of the command line: its streams and what all commands
// share.
type session struct {
	in        io.Reader
	out, errs io.Writer
	// json says that results are wanted as JSON.
	json   bool
	state  string
	format string
}

// client returns a client for the controller of the state folder.
func (s *session) client() *api.Client { return api.NewClient(s.layout().socket()) }

func (s *session) layout() layout { return layout(s.state) }

// print writes a result as indented JSON.
func (s *session) print(v any) {
	// Nothing can be said about a stream that cannot be written to.
	_ = encode(s.out, v)
}

// encode writes a value as JSON for people and programs.
func encode(to io.Writer, v any) error {
	enc := json.NewEncoder(to)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// onTerminal reports whether w shows to a person.
func onTerminal(w io.Writer) bool {
	if p, ok := w.(*drawing); ok {
		w = p.terminal
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// defaultState is the folder that holds everything unless --state or
// CUTOVER_STATE names another.
func defaultState() string {
	if dir := os.Getenv("CUTOVER_STATE"); dir != "" {
		return dir
	}
	if os.Geteuid() == 0 {
		return "/var/lib/cutover"
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "cutover")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ".cutover"
	}
	return filepath.Join(home, ".local", "state", "cutover")
}
