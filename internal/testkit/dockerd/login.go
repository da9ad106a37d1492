package dockerd

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// LogIn leaves for the length of the test what docker login leaves for the
// registry of an image, and nothing for others. The test cannot be parallel.
func LogIn(t testing.TB, image, password string) {
	t.Helper()
	host, _, _ := strings.Cut(image, "/")
	text, err := json.Marshal(map[string]any{"auths": map[string]any{
		host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(Puller + ":" + password))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", dir)
}

// HidesPassword fails the test where a text has Password, as it is or as docker
// login and Docker's headers have it.
func HidesPassword(t testing.TB, what, text string) {
	t.Helper()
	pair := base64.StdEncoding.EncodeToString([]byte(Puller + ":" + Password))
	header := base64.URLEncoding.EncodeToString([]byte(`{"username":"` + Puller))
	for _, form := range []string{Password, pair, header[:20]} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows a password", what)
		}
	}
}

// HidesPasswordBelow is HidesPassword for every file below a folder.
func HidesPasswordBelow(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		HidesPassword(t, path, string(text))
		return err
	})
	if err != nil {
		t.Errorf("search %s: %v", dir, err)
	}
}
