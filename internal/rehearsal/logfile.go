package rehearsal

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	// longestLine is the longest line of a log that is read, in bytes.
	longestLine = 16 << 20
	// messageField and databaseField are places in a line of PostgreSQL's
	// csvlog.
	messageField, databaseField = 13, 2
)

// logged matches the beginning of a message that tells a statement.
var logged = regexp.MustCompile(`^(?:duration: [\d.]+ ms  )?(?:statement|execute [^:]*|parse [^:]*): (?s:(.*))$`)

// severity ends what stands before a message in a plain log.
var severity = regexp.MustCompile(`(?:^|\s)(LOG|DETAIL|HINT|CONTEXT|STATEMENT|WARNING|ERROR|FATAL|PANIC|NOTICE|INFO|DEBUG\d?):  `)

// Logged reads the statements of one database from a log of the server that
// was written with log_statement = 'all' or log_min_duration_statement = 0:
// csvlog (.csv), jsonlog (.json) or the plain one, in English. A plain log may
// not tell the database; then statements of others are read too.
func Logged(path, database string) (Usage, error) {
	u := Usage{From: path}
	file, err := os.Open(path)
	if err != nil {
		return u, fmt.Errorf("read the statement log: %w", err)
	}
	defer func() { _ = file.Close() }()
	c := &collector{seen: map[string]int{}}
	switch filepath.Ext(path) {
	case ".csv":
		err = c.csv(file, database)
	case ".json":
		err = c.json(file, database)
	default:
		err = c.lines(file)
	}
	if err != nil {
		return u, fmt.Errorf("read the statement log %s: %w", path, err)
	}
	if u.Statements = c.list; len(c.list) == most {
		u.Missing = fmt.Sprintf("more than %d different statements", most)
	}
	return u, nil
}

// collector keeps every statement once.
type collector struct {
	list []OldStatement
	seen map[string]int
}

// message takes one message of a log.
func (c *collector) message(text string) {
	m := logged.FindStringSubmatch(text)
	if m == nil || !preparable.MatchString(m[1]) {
		return
	}
	key := plain(m[1])
	if i, twice := c.seen[key]; twice {
		c.list[i].Calls++
		return
	}
	if len(c.list) < most {
		c.seen[key] = len(c.list)
		c.list = append(c.list, OldStatement{Text: m[1], Calls: 1})
	}
}

func (c *collector) csv(r io.Reader, database string) error {
	lines := csv.NewReader(bufio.NewReader(r))
	lines.FieldsPerRecord, lines.ReuseRecord = -1, true
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		// The log may be cut in the middle of its last line.
		if errors.Is(err, csv.ErrQuote) && len(c.list) > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) > messageField && line[databaseField] == database {
			c.message(line[messageField])
		}
	}
}

func (c *collector) json(r io.Reader, database string) error {
	return scan(r, func(line []byte) error {
		var entry struct {
			Database string `json:"dbname"`
			Message  string `json:"message"`
		}
		// The log may be cut in the middle of its last line.
		if json.Unmarshal(line, &entry) == nil && entry.Database == database {
			c.message(entry.Message)
		}
		return nil
	})
}

// lines reads a plain log: a message goes on in lines that begin with a tab.
func (c *collector) lines(r io.Reader) error {
	message := ""
	err := scan(r, func(line []byte) error {
		if more, ok := strings.CutPrefix(string(line), "\t"); ok {
			if message != "" {
				message += "\n" + more
			}
			return nil
		}
		c.message(message)
		message = ""
		if at := severity.FindSubmatchIndex(line); at != nil && string(line[at[2]:at[3]]) == "LOG" {
			message = string(line[at[1]:])
		}
		return nil
	})
	c.message(message)
	return err
}

func scan(r io.Reader, each func(line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), longestLine)
	for s.Scan() {
		if err := each(s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}
