package platformtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// client opens a connection a request, so that it never speaks to a process
// that has been replaced.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Minute}

// Self is what Program tells about itself.
type Self struct {
	Pid      int
	Args     []string
	Env      []string
	Dir      string
	Children []int
}

// Get returns the value of a variable in the program's environment.
func (s Self) Get(name string) string {
	for _, entry := range s.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// WhoAmI asks the program at addr about itself.
func WhoAmI(t testing.TB, addr string) Self {
	t.Helper()
	res, err := client.Get("http://" + addr + "/whoami")
	if err != nil {
		t.Fatalf("ask an instance who it is: %v", err)
	}
	defer res.Body.Close()
	var self Self
	if err := json.NewDecoder(res.Body).Decode(&self); err != nil {
		t.Fatalf("ask an instance who it is: %v", err)
	}
	return self
}

// Tell posts to the program at addr: "/ready", "/unready", "/hang" or "/exit?code=N".
// A program that is told to end gives no answer.
func Tell(t testing.TB, addr, path string) {
	t.Helper()
	res, err := client.Post("http://"+addr+path, "", nil)
	if err == nil {
		err = res.Body.Close()
	}
	if err != nil && !strings.HasPrefix(path, "/exit") {
		t.Fatalf("tell an instance %s: %v", path, err)
	}
}

// Read returns what the program at addr finds in a file.
func Read(t testing.TB, addr, path string) string {
	t.Helper()
	res, err := client.Get("http://" + addr + "/file?path=" + url.QueryEscape(path))
	if err != nil {
		t.Fatalf("have an instance read %s: %v", path, err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("have an instance read %s: %s, %v", path, res.Status, err)
	}
	return string(content)
}
