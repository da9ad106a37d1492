package daemon

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
)

const (
	// hub is the registry of images whose names name none, hubKey what the docker
	// CLI calls it in its configuration.
	hub    = "docker.io"
	hubKey = "https://index.docker.io/v1/"
	// helperWithin bounds a program that keeps credentials, maxConfig the bytes of
	// the file they stand in.
	helperWithin = 30 * time.Second
	maxConfig    = 1 << 20
	// tokenUser is what such a program says as the user of an identity token.
	tokenUser = "<token>"
)

// dockerConfig is what the docker CLI keeps of registries.
type dockerConfig struct {
	path  string
	Auths map[string]struct {
		Auth          string `json:"auth"`
		Username      string `json:"username"`
		Password      string `json:"password"`
		IdentityToken string `json:"identitytoken"`
		RegistryToken string `json:"registrytoken"`
	} `json:"auths"`
	Store   string            `json:"credsStore"`
	Helpers map[string]string `json:"credHelpers"`
}

// Credentials returns what an image's registry is to be shown, as Docker's
// X-Registry-Auth header has it, and "" where the docker CLI of cutover's user
// has nothing for that registry. It is read anew each time. The result is a
// secret: it must never be stored, logged or put into an error.
func Credentials(ctx context.Context, image string) (string, error) {
	host := registryOf(image)
	if host == "" {
		return "", nil
	}
	config, err := readDockerConfig()
	if err != nil {
		return "", err
	}
	auth, found, err := config.find(ctx, host)
	if err != nil || !found {
		return "", err
	}
	text, err := authconfig.Encode(auth)
	if err != nil {
		return "", fmt.Errorf("hand over the credentials for %s: they cannot be encoded", host)
	}
	return text, nil
}

// registryOf is the host of an image's registry, "" for an image that is known
// by its ID alone.
func registryOf(image string) string {
	if strings.HasPrefix(image, "sha256:") {
		return ""
	}
	first, _, more := strings.Cut(image, "/")
	if more && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return first
	}
	return hub
}

// readDockerConfig reads $DOCKER_CONFIG/config.json, or ~/.docker/config.json. A
// file that is not there is an empty one.
func readDockerConfig() (dockerConfig, error) {
	folder := os.Getenv("DOCKER_CONFIG")
	if folder == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return dockerConfig{}, nil // a service without a home has never logged in
		}
		folder = filepath.Join(home, ".docker")
	}
	c := dockerConfig{path: filepath.Join(folder, "config.json")}
	info, err := os.Stat(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return c, nil
	case err == nil && (!info.Mode().IsRegular() || info.Size() > maxConfig):
		return c, fmt.Errorf("look for the credentials of a registry: %s is no file of the docker CLI: move it away, or set DOCKER_CONFIG", c.path)
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return c, fmt.Errorf("look for the credentials of a registry: %w: let cutover's user read it, or set DOCKER_CONFIG", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		// The error itself may quote what is secret.
		return c, fmt.Errorf("look for the credentials of a registry: %s is no JSON as docker login writes it: mend it, or run docker login anew", c.path)
	}
	return c, nil
}

// find returns what there is for a registry: of the program that keeps its
// credentials, of the one that keeps all, or of the file itself.
func (c dockerConfig) find(ctx context.Context, host string) (registry.AuthConfig, bool, error) {
	for key, helper := range c.Helpers {
		if hostOf(key) == host {
			return c.ask(ctx, helper, key, host)
		}
	}
	key := host
	if host == hub {
		key = hubKey
	}
	if c.Store != "" {
		if auth, found, err := c.ask(ctx, c.Store, key, host); found || err != nil {
			return auth, found, err
		}
	}
	return c.filed(host)
}

// filed returns what stands for a registry in the file itself: under its own
// name, or else the first of the addresses that mean it.
func (c dockerConfig) filed(host string) (registry.AuthConfig, bool, error) {
	for _, key := range append([]string{host}, slices.Sorted(maps.Keys(c.Auths))...) {
		a, there := c.Auths[key]
		if !there || hostOf(key) != host {
			continue
		}
		auth := registry.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken, ServerAddress: key}
		if a.Auth != "" {
			plain, err := base64.StdEncoding.DecodeString(a.Auth)
			user, password, ok := strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
			if err != nil || !ok {
				return auth, false, fmt.Errorf("look for the credentials of %s: what %s has for it cannot be read: run docker login %s anew", host, c.path, host)
			}
			auth.Username, auth.Password = user, password
		}
		if auth.Password != "" || auth.IdentityToken != "" || auth.RegistryToken != "" {
			return auth, true, nil
		}
	}
	return registry.AuthConfig{}, false, nil
}

// hostOf is the registry a key of the configuration means; older ones are
// addresses.
func hostOf(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	host, _, _ := strings.Cut(key, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return hub
	}
	return host
}

var helperName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ask has docker-credential-NAME say what it keeps for a key. Its words may be
// secret, so that none of them gets into an error.
func (c dockerConfig) ask(ctx context.Context, name, key, host string) (registry.AuthConfig, bool, error) {
	auth := registry.AuthConfig{ServerAddress: key}
	if !helperName.MatchString(name) {
		return auth, false, fmt.Errorf("look for the credentials of %s: %s names a program that cannot be one: correct credsStore or credHelpers", host, c.path)
	}
	program := "docker-credential-" + name
	ctx, cancel := context.WithTimeout(ctx, helperWithin)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin, cmd.Stdout, cmd.WaitDelay = strings.NewReader(key), &out, time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return auth, false, fmt.Errorf("look for the credentials of %s: %s does not end in time: %w", host, program, ctx.Err())
	case err != nil && strings.Contains(out.String(), "credentials not found"):
		return auth, false, nil
	case err != nil:
		return auth, false, fmt.Errorf("look for the credentials of %s: %s, which %s names, failed: %w: install it, or run docker login %s anew", host, program, c.path, err, host)
	}
	var said struct{ Username, Secret string }
	if json.Unmarshal(out.Bytes(), &said) != nil || said.Secret == "" {
		return auth, false, fmt.Errorf("look for the credentials of %s: %s gave no answer that can be read: run docker login %s anew", host, program, host)
	}
	if said.Username == tokenUser {
		auth.IdentityToken = said.Secret
	} else {
		auth.Username, auth.Password = said.Username, said.Secret
	}
	return auth, true, nil
}
