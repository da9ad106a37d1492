package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"cutover/internal/release"
)

// PageFiles are the pages that the proxy shows itself: .html or .json, at most
// 64 KiB of UTF-8. {{status}}, {{reason}} and {{request}} in them are filled
// in. They are read when a release is planned and go with its routes. A client
// that asks for JSON gets JSON in any case.
type PageFiles struct {
	// The page for a request that no instance answered (502, 504).
	Error string `json:"error,omitempty"`
	// The page while no instance may serve (503); without it the one for errors.
	Maintenance string `json:"maintenance,omitempty"`
}

// Assets are files that pages name by version, such as /static/app.3f2a.js.
type Assets struct {
	// Path prefixes, such as /static/. What a user's own version does not have (404) is asked of the other one, as long as that is routed or stands by.
	Paths []string `json:"paths,omitempty"`
}

var pagePlaceholders = []string{"status", "reason", "request"}

func (p PageFiles) validate(tell report) {
	for path, file := range map[string]string{"error": p.Error, "maintenance": p.Maintenance} {
		if ext := filepath.Ext(file); file != "" && ext != ".html" && ext != ".json" {
			tell(path, fmt.Sprintf("%s is neither .html nor .json", printable(file)), "name a file of one of these kinds")
		}
	}
}

func (a Assets) validate(tell report) {
	for i, p := range a.Paths {
		if at := element("paths", i); !strings.HasPrefix(p, "/") || !strings.HasSuffix(p, "/") || p == "/" {
			tell(at, fmt.Sprintf("%s is not the path of a folder of assets", printable(p)), "begin and end it with /, such as /static/")
		}
	}
}

// pages reads the pages of the app, nil if there are none.
func (a *App) pages() (*release.Pages, error) {
	files := a.Spec.Traffic.Pages
	if files == (PageFiles{}) {
		return nil, nil
	}
	var out release.Pages
	var problems Problems
	for _, p := range []struct {
		key, file string
		into      **release.Page
	}{{"error", files.Error, &out.Error}, {"maintenance", files.Maintenance, &out.Maintenance}} {
		if p.file == "" {
			continue
		}
		key := "spec.traffic.pages." + p.key
		page, reason, cure := readPage(absolute(p.file, a.doc.source.dir))
		if reason != "" {
			problems = append(problems, &Problem{Place: a.doc.at(key), Path: key, Reason: reason, Cure: cure})
			continue
		}
		*p.into = page
	}
	return &out, problems.err()
}

func readPage(path string) (page *release.Page, reason, cure string) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > release.MaxPage {
		return nil, fmt.Sprintf("%s has %d bytes, and a page may have %d", path, info.Size(), release.MaxPage), "make it smaller, and take images and styles from elsewhere"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Sprintf("the page cannot be read: %v", err), "create the file, or correct the path: it starts from the folder of this file"
	}
	if !utf8.Valid(text) {
		return nil, path + " is not UTF-8", "save it as UTF-8"
	}
	for _, m := range placeholder.FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(pagePlaceholders, m[1]) {
			return nil, fmt.Sprintf("%s in %s is not a placeholder", printable(m[0]), path), "the placeholders here are {{" + strings.Join(pagePlaceholders, "}}, {{") + "}}"
		}
	}
	page = &release.Page{JSON: filepath.Ext(path) == ".json", Text: string(text)}
	sample := strings.NewReplacer("{{status}}", "503", "{{reason}}", "", "{{request}}", "").Replace(page.Text)
	if page.JSON && !json.Valid([]byte(sample)) {
		return nil, path + " is not JSON", "mend it; {{status}} is a number, the others stand inside quotes"
	}
	return page, "", ""
}
