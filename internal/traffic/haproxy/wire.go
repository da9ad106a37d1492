package haproxy

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// wire is the runtime socket.
type wire string

const (
	// tellFor bounds one command.
	tellFor = 5 * time.Second
	// mostSaid bounds an answer: that to `show stat` grows with the servers of all backends.
	mostSaid = 16 << 20
)

// tell sends one command and returns the answer.
func (w wire) tell(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tellFor)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", string(w))
	if err != nil {
		return "", fmt.Errorf("reach HAProxy on %s: %w: is it running, and is spec.traffic.haproxy.socket its `stats socket`, open to the user of cutover?", string(w), err)
	}
	defer c.Close()
	until, _ := ctx.Deadline()
	err = c.SetDeadline(until)
	if err == nil {
		_, err = io.WriteString(c, command+"\n")
	}
	if err != nil {
		return "", fmt.Errorf("tell HAProxy on %s: %w", string(w), err)
	}
	said, err := io.ReadAll(io.LimitReader(c, mostSaid))
	if err != nil {
		return "", fmt.Errorf("hear HAProxy on %s: %w", string(w), err)
	}
	text := strings.TrimSpace(string(said))
	if strings.HasPrefix(text, "Permission denied") {
		return "", w.refused(text)
	}
	return text, nil
}

// order sends a command that HAProxy answers with a complaint or as it was
// expected: with nothing, or a word about what was changed.
func (w wire) order(ctx context.Context, command string, expected ...string) error {
	said, err := w.tell(ctx, command)
	if err != nil {
		return err
	}
	if said == "" {
		return nil
	}
	for _, e := range expected {
		if strings.Contains(said, e) {
			return nil
		}
	}
	return fmt.Errorf("HAProxy refuses %q: %s", command, said)
}

// row is a line of a table by the names of its columns.
type row map[string]string

// stats returns the lines of `show stat`.
func (w wire) stats(ctx context.Context) ([]row, error) {
	said, err := w.tell(ctx, "show stat")
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(said, "# ")))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, errors.Join(errors.New("HAProxy's statistics cannot be read"), err)
	}
	return rows(lines[0], lines[1:]), nil
}

// servers returns the lines of `show servers state` of one backend.
func (w wire) servers(ctx context.Context, backend string) (string, []row, error) {
	said, err := w.tell(ctx, "show servers state "+backend)
	if err != nil {
		return "", nil, err
	}
	_, table, ok := strings.Cut(said, "\n# ")
	if !ok {
		return "", nil, fmt.Errorf("HAProxy has no backend %s: %s: add it as docs/fronts.md shows, or correct spec.traffic.haproxy.backend", backend, said)
	}
	var lines [][]string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Fields(line))
	}
	return said, rows(lines[0], lines[1:]), nil
}

func rows(names []string, lines [][]string) []row {
	var all []row
	for _, line := range lines {
		r := row{}
		for i, v := range line {
			if i < len(names) {
				r[names[i]] = v
			}
		}
		all = append(all, r)
	}
	return all
}

// info returns what HAProxy says of itself.
func (w wire) info(ctx context.Context) (row, error) {
	said, err := w.tell(ctx, "show info")
	if err != nil {
		return nil, err
	}
	r := row{}
	for line := range strings.Lines(said) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			r[name] = value
		}
	}
	if r["Pid"] == "" {
		return nil, fmt.Errorf("what answers on %s is not HAProxy: write the path of its `stats socket` into spec.traffic.haproxy.socket", string(w))
	}
	return r, nil
}

// same says so if another process answers than the one of an epoch.
func (w wire) same(ctx context.Context, epoch string) error {
	info, err := w.info(ctx)
	if err == nil && epochOf(info) != epoch {
		err = errReplaced
	}
	return err
}

// epochOf identifies the process that answers.
func epochOf(info row) string { return info["Pid"] + "@" + info["Start_time_sec"] }

func (w wire) refused(said string) error {
	return fmt.Errorf("HAProxy on %s: %s: write `level admin` at its `stats socket`, and reload it", string(w), said)
}

// admin says so if the socket lets nobody change anything.
func (w wire) admin(ctx context.Context) error {
	level, err := w.tell(ctx, "show cli level")
	if err == nil && level != "admin" {
		err = w.refused("this socket has the level " + level)
	}
	return err
}
