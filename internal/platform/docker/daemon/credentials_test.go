package daemon

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
)

const planted = "pl4nted-s3cret"

// configured makes a configuration of the docker CLI, and programs beside it.
func configured(t *testing.T, config string, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	if config != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, "docker-credential-"+name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func authOf(t *testing.T, image string) registry.AuthConfig {
	t.Helper()
	text, err := Credentials(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	if text == "" {
		return registry.AuthConfig{}
	}
	auth, err := authconfig.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return *auth
}

func TestCredentialsAreThoseThatDockerLoginLeftForTheImagesRegistry(t *testing.T) {
	pair := base64.StdEncoding.EncodeToString([]byte("ann:" + planted))
	configured(t, `{"auths": {
		"registry.example.org:5000": {"auth": "`+pair+`"},
		"https://old.example.org/v1/": {"auth": "`+pair+`"},
		"https://index.docker.io/v1/": {"username": "bob", "password": "`+planted+`"},
		"token.example.org": {"identitytoken": "`+planted+`"},
		"loggedout.example.org": {}}}`, nil)
	for image, want := range map[string]registry.AuthConfig{
		"registry.example.org:5000/team/shop:v1":     {Username: "ann", Password: planted, ServerAddress: "registry.example.org:5000"},
		"old.example.org/shop@sha256:0123":           {Username: "ann", Password: planted, ServerAddress: "https://old.example.org/v1/"},
		"shop:v1":                                    {Username: "bob", Password: planted, ServerAddress: "https://index.docker.io/v1/"},
		"team/shop":                                  {Username: "bob", Password: planted, ServerAddress: "https://index.docker.io/v1/"},
		"docker.io/team/shop":                        {Username: "bob", Password: planted, ServerAddress: "https://index.docker.io/v1/"},
		"token.example.org/shop":                     {IdentityToken: planted, ServerAddress: "token.example.org"},
		"loggedout.example.org/shop":                 {},
		"registry.example.org/shop":                  {},
		"localhost/shop":                             {},
		"sha256:" + strings.Repeat("0", 64):          {},
		"registry.example.org:5000.evil.test/shop:1": {},
	} {
		if got := authOf(t, image); got != want {
			t.Errorf("%s gets %+v, want %+v", image, got, want)
		}
	}
}

func TestCredentialsAreAskedOfTheProgramThatKeepsThem(t *testing.T) {
	configured(t, `{"credsStore": "all", "credHelpers": {"one.example.org": "one"}, "auths": {"filed.example.org": {"username": "ann", "password": "`+planted+`"}}}`,
		map[string]string{
			"one": `read host; echo "{\"ServerURL\":\"$host\",\"Username\":\"<token>\",\"Secret\":\"$host-$1\"}"`,
			"all": `read host; case $host in filed*) echo "credentials not found in native keychain"; exit 1;; esac; echo "{\"Username\":\"bob\",\"Secret\":\"$host\"}"`,
		})
	for image, want := range map[string]registry.AuthConfig{
		"one.example.org/shop":   {IdentityToken: "one.example.org-get", ServerAddress: "one.example.org"},
		"other.example.org/shop": {Username: "bob", Password: "other.example.org", ServerAddress: "other.example.org"},
		"shop":                   {Username: "bob", Password: "https://index.docker.io/v1/", ServerAddress: "https://index.docker.io/v1/"},
		"filed.example.org/shop": {Username: "ann", Password: planted, ServerAddress: "filed.example.org"},
	} {
		if got := authOf(t, image); got != want {
			t.Errorf("%s gets %+v, want %+v", image, got, want)
		}
	}
}

func TestWithoutAConfigurationThereAreNoCredentials(t *testing.T) {
	configured(t, "", nil)
	if got := authOf(t, "registry.example.org/shop"); got != (registry.AuthConfig{}) {
		t.Errorf("it gets %+v", got)
	}
}

func TestCredentialsThatCannotBeReadAreAnErrorWithoutThem(t *testing.T) {
	for want, config := range map[string]string{
		"is no JSON as docker login writes it":         `{"auths": {"r.example.org": {"auth": ` + planted + `}}}`,
		"run docker login r.example.org anew":          `{"auths": {"r.example.org": {"auth": "` + planted + `"}}}`,
		"names a program that cannot be one":           `{"credsStore": "../` + planted + `"}`,
		"docker-credential-none, which":                `{"credsStore": "none"}`,
		"docker-credential-bad, which":                 `{"credsStore": "bad"}`,
		"docker-credential-odd gave no answer":         `{"credsStore": "odd"}`,
		"docker-credential-slow does not end in time:": `{"credsStore": "slow"}`,
	} {
		t.Run(want, func(t *testing.T) {
			configured(t, config, map[string]string{
				"bad": "echo " + planted + "; echo " + planted + " >&2; exit 1", "odd": "echo " + planted, "slow": "exec sleep 1000000",
			})
			ctx := t.Context()
			if strings.Contains(config, "slow") {
				short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
				ctx = short
			}
			text, err := Credentials(ctx, "r.example.org/shop")
			if err == nil || text != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), planted) {
				t.Errorf("it gave %q and %v; want an error with %q and without what is secret", text, err, want)
			}
		})
	}
}
