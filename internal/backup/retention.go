package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/durable"
)

// Retention says which backups to keep: the Last newest ones and all that are
// younger than For. With neither, all are kept. The newest of each database
// always is.
type Retention struct {
	Last int
	For  time.Duration
}

// Prune removes what the retention does not keep and needed does not claim,
// and what a crash left half written. It returns the backups removed; needed
// is asked for each before anything of it is touched, and must be given.
func (f Folder) Prune(r Retention, needed func(Backup) bool) ([]Backup, error) {
	if needed == nil {
		return nil, errors.New("prune the backups: nobody says which ones a release still needs")
	}
	all, err := f.List()
	// A record that cannot be read keeps its dump; the others are pruned.
	errs := []error{err}
	var removed []Backup
	rank := map[string]int{}
	for _, b := range all {
		rank[b.Database]++
		if r.keeps(rank[b.Database], f.now().Sub(b.Began)) || needed(b) {
			continue
		}
		// The record goes first: without one, a dump is a leftover that the
		// next time removes.
		if err := errors.Join(remove(b.manifest()), remove(b.Path())); err != nil {
			errs = append(errs, err)
			continue
		}
		removed = append(removed, b)
	}
	return removed, errors.Join(append(errs, f.sweep())...)
}

func (r Retention) keeps(rank int, age time.Duration) bool {
	return rank == 1 || rank <= r.Last || age < r.For || r == Retention{}
}

// sweep removes temporary files, and dumps without a record, that are so old
// that nobody can be writing them any more.
func (f Folder) sweep() error {
	entries, err := os.ReadDir(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for leftovers: %w", err)
	}
	var errs []error
	for _, e := range entries {
		dump, isDump := strings.CutSuffix(e.Name(), dumpSuffix)
		if !strings.HasPrefix(e.Name(), durable.TempPrefix) && !isDump {
			continue
		}
		if _, err := os.Stat(filepath.Join(f.Path, dump+manifestSuffix)); isDump && !errors.Is(err, os.ErrNotExist) {
			continue
		}
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && f.now().Sub(info.ModTime()) > f.timeout()+time.Hour {
			errs = append(errs, remove(filepath.Join(f.Path, e.Name())))
		}
	}
	return errors.Join(errs...)
}
