package file

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"cutover/internal/load"
)

// mostData is the longest CSV file, in bytes: the rows become part of the plan.
const mostData = 4 << 20

// read reads the rows. Mistakes in the CSV file are reported at the key that
// names it, with their line.
func (d data) read(r reader, at string, login bool) *load.Data {
	if d.File == "" {
		return nil
	}
	out := &load.Data{PerUser: d.Per == "user" || d.Per == "" && login}
	rows, err := readCSV(r.file.Absolute(d.File))
	if err != nil {
		path := at
		if r.file.Has(at + ".file") {
			path = at + ".file"
		}
		r.report(path, err)
		return nil
	}
	out.Columns, out.Rows = rows[0], rows[1:]
	return out
}

// readCSV returns the rows of a file, at least one. The error is a *load.Flaw.
func readCSV(path string) ([][]string, error) {
	text, err := readData(path)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF")))
	in.TrimLeadingSpace = true
	rows, err := in.ReadAll()
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong) && errors.Is(err, csv.ErrFieldCount):
		return nil, &load.Flaw{Reason: fmt.Sprintf("%s:%d: the line has another number of values than the first", filepath.Base(path), wrong.Line), Cure: "give every line as many as the first has names"}
	case errors.As(err, &wrong):
		return nil, &load.Flaw{Reason: fmt.Sprintf("%s:%d:%d: %v", filepath.Base(path), wrong.Line, wrong.Column, wrong.Err), Cure: `put a value with a quote in quotes, and write the quote twice: "a ""b"""`}
	case len(rows) < 2:
		return nil, &load.Flaw{Reason: filepath.Base(path) + " has no row", Cure: "write a first line with the names of the columns, and a line for each row"}
	}
	return rows, err
}

func readData(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &load.Flaw{Reason: "there is no file " + path, Cure: "create it, or correct the path"}
	case err == nil && !info.Mode().IsRegular():
		// Opening a pipe or a device could block for ever.
		return "", &load.Flaw{Reason: path + " is not a file", Cure: "name a CSV file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", &load.Flaw{Reason: err.Error(), Cure: "let your user read it"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostData+1))
	switch {
	case err != nil:
		return "", &load.Flaw{Reason: err.Error(), Cure: "let your user read it"}
	case len(data) > mostData:
		return "", &load.Flaw{Reason: filepath.Base(path) + " has more than 4 MiB", Cure: "keep as many rows as users need; they are used again"}
	case !utf8.Valid(data):
		return "", &load.Flaw{Reason: filepath.Base(path) + " is not UTF-8 text", Cure: "save it as UTF-8"}
	}
	return string(data), nil
}
