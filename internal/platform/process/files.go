package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// filesPlaceholder stands for the folder with the artefact's files.
const filesPlaceholder = "{{files}}"

// layFiles puts the artefact's files into a folder of their own and returns
// it. Each file is there whole, read-only and with the content its digest
// says; what is right already is not touched. The caller has the app's lock.
func (p *Platform) layFiles(order release.StartOrder) (string, error) {
	folder := filepath.Join(p.at.files(order.App), order.Digest)
	if len(order.Artefact.Files) == 0 {
		if usesFiles(order.Artefact) {
			return "", fmt.Errorf("the artefact uses %s but has no files: name them in the app file", filesPlaceholder)
		}
		return folder, nil
	}
	return folder, snapshot.Lay(p.opt.Snapshots, folder, order.Artefact.Files, 0o700, 0o400)
}

func usesFiles(a release.Artefact) bool {
	for _, arg := range a.Command {
		if strings.Contains(arg, filesPlaceholder) {
			return true
		}
	}
	for _, v := range a.Env {
		if strings.Contains(v.Value, filesPlaceholder) {
			return true
		}
	}
	return false
}

// dropFiles removes the folders of artefacts no slot uses; a later start
// lays them out again. The caller has the app's lock.
func (l layout) dropFiles(app string, slots []slot) error {
	used := map[string]bool{}
	for _, s := range slots {
		used[s.Digest] = true
	}
	entries, err := os.ReadDir(l.files(app))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop unused files: %w", err)
	}
	for _, e := range entries {
		if used[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(l.files(app), e.Name())); err != nil {
			return fmt.Errorf("drop unused files: %w", err)
		}
	}
	return nil
}
