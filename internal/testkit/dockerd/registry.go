package dockerd

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Publish puts an image of a Go program, built statically, into a registry of
// its own for the length of the test, and returns the image's name there. Daemons
// on this machine pull it without credentials.
func (s *Server) Publish(t testing.TB, name, pkg string) string {
	t.Helper()
	r := s.pack(t, name, pkg)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/" + name + ":published"
}

// pack makes an image of a Go program.
func (s *Server) pack(t testing.TB, name, pkg string) *registry {
	t.Helper()
	s.Socket(t)
	s.mu.Lock()
	program, err := s.build(pkg)
	s.mu.Unlock()
	if err != nil {
		t.Fatalf("build %s for an image: %v", pkg, err)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	r := &registry{name: name, blobs: map[string][]byte{}}
	r.fill(t, binary)
	return r
}

// registry serves one image, as the distribution API has it.
type registry struct {
	name     string
	manifest string
	blobs    map[string][]byte
}

const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	configType   = "application/vnd.docker.container.image.v1+json"
	layerType    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

// fill makes the image.
func (r *registry) fill(t testing.TB, program []byte) {
	t.Helper()
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := w.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	config := r.add(t, configType, encode(t, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Entrypoint": []string{"/app"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digestOf(plain.Bytes())}},
	}))
	layer := r.add(t, layerType, packed.Bytes())
	manifest := r.add(t, manifestType, encode(t, map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "config": config, "layers": []any{layer},
	}))
	r.manifest = manifest["digest"].(string)
}

// add keeps a blob and returns how others refer to it.
func (r *registry) add(t testing.TB, kind string, content []byte) map[string]any {
	t.Helper()
	digest := digestOf(content)
	r.blobs[digest] = content
	return map[string]any{"mediaType": kind, "size": len(content), "digest": digest}
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ServeHTTP implements http.Handler.
func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path, asked := strings.CutPrefix(req.URL.Path, "/v2/"+r.name+"/")
	kind, what, _ := strings.Cut(path, "/")
	if what == "published" {
		what = r.manifest
	}
	content, found := r.blobs[what]
	switch {
	case req.URL.Path == "/v2/":
		return
	case !asked || !found:
		http.NotFound(w, req)
		return
	case kind == "manifests":
		w.Header().Set("Content-Type", manifestType)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	w.Header().Set("Docker-Content-Digest", what)
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(content))
}
