package config_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

const containers = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  runtime: {type: docker, socket: unix:///run/d.sock}
  components:
    web:
      image: "registry.example.org:5000/shop:{{version}}"
      port: 8080
      health: {path: /health}
      command: [serve, --port, "8080"]
      networks: [back]
      mounts: ["./data:/data", "cache:/cache:ro"]
      user: "1000:1000"
      limits: {cpus: 1.5, memory: 512m}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec: {from: v1, to: v2, checks: {smoke: [{http: /health}]}}
`

func TestAContainerIsPlannedWithItsImagePinned(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"cutover.yaml": containers})
	loader := config.Loader{ResolveImage: func(_ context.Context, socket, image string) (string, error) {
		return "pinned:" + socket + ":" + image, nil
	}}
	b, err := loader.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if found := config.Lint(b); len(found) > 0 {
		t.Errorf("lint finds %v", found)
	}
	p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	want := &release.Container{
		Socket: "unix:///run/d.sock", Image: "registry.example.org:5000/shop:v2", Pinned: "pinned:unix:///run/d.sock:registry.example.org:5000/shop:v2",
		Port: 8080, Networks: []string{"back"}, User: "1000:1000", CPUs: 1.5, Memory: 512 << 20,
		Mounts: []release.Mount{{Source: filepath.Join(dir, "data"), Target: "/data"}, {Source: "cache", Target: "/cache", ReadOnly: true}},
	}
	if a := p.To.Artefact; a.Runtime != "docker" || a.Dir != "" || !reflect.DeepEqual(a.Container, want) {
		t.Errorf("the artefact is %+v with %+v; want %+v", a, a.Container, want)
	}
}

func TestAnImageThatCannotBePinnedIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	loader := config.Loader{ResolveImage: func(context.Context, string, string) (string, error) { return "", errors.New("no such image") }}
	b, err := loader.Parse("shop.yaml", []byte(containers), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err == nil || !strings.Contains(err.Error(), "shop.yaml:8:14") || !strings.Contains(err.Error(), "no such image") {
		t.Errorf("plan: %v; want the image's place and why", err)
	}
}

func TestMistakesOfContainersAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, says string }{
		{`      image: "registry.example.org:5000/shop:{{version}}"` + "\n", "", "web.image: it is missing"},
		{"      port: 8080\n", "", "web.port: it is missing"},
		{"port: 8080", "port: 80800", "80800 is too large"},
		{"shop:{{version}}", "Shop:{{version}}", "is not the name of an image"},
		{"./data:/data", "./data", "is not SOURCE:TARGET"},
		{"./data:/data", "./data:data", "is not SOURCE:TARGET"},
		{"[back]", "[host]", "is not a network an instance can join"},
		{"cpus: 1.5", "cpus: many", "not a number of processors"},
		{"memory: 512m", "memory: 1m", "less than 6 MiB"},
		{"memory: 512m", "memory: lots", "not an amount of memory"},
		{"unix:///run/d.sock", "tcp://10.0.0.1:2375", "only a socket of this machine"},
		{"      port: 8080\n", "      port: 8080\n      dir: data\n", "it is a folder inside the container"},
		{"type: docker, socket: unix:///run/d.sock", "type: process", "web.image: only a container has one"},
		{"type: docker", "type: process", "only containers need a daemon"},
		{"type: docker", "type: compose", "write type: docker"},
		{"type: docker", "type: swarm, reach: direct", "cannot reach the addresses that tasks have"},
	} {
		if strings.Count(containers, c.old) == 0 {
			t.Fatalf("%q is not in the good file", c.old)
		}
		_, err := config.Parse("shop.yaml", []byte(strings.Replace(containers, c.old, c.new, 1)), "/srv/shop")
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q in place of %q: %v; want it to say %q", c.new, c.old, err, c.says)
		}
	}
}

func TestAnImageThatMovesIsWarnedOf(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		"shop": "moving-image", "shop:latest": "moving-image", "host:5000/shop": "moving-image", "shop:2.0": "unpinned-image", "shop:{{version}}": "",
		"shop@sha256:" + strings.Repeat("a", 64): "",
	} {
		text := strings.Replace(containers, "registry.example.org:5000/shop:{{version}}", image, 1)
		b, err := config.Parse("shop.yaml", []byte(text), t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", image, err)
			continue
		}
		var found []string
		for _, f := range config.Lint(b) {
			if strings.HasSuffix(f.ID, "-image") {
				found = append(found, f.ID)
			}
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%s: lint finds %q; want %q", image, got, want)
		}
	}
}

const composeFile = `name: shop
services:
  web:
    image: shop:1.0
    container_name: shop
    ports: ["8080:8080"]
    command: serve --fast
    environment: {MODE: live, PRICE: "5$$"}
    networks: [back, outer]
    volumes: ["./data:/data", "cache:/cache:ro"]
    user: "1000"
    working_dir: /srv
    stop_grace_period: 45s
    deploy: {resources: {limits: {cpus: "0.5", memory: 64M}}}
    depends_on: [db]
  db: {image: postgres, privileged: true}
networks: {back: {}, outer: {external: true}}
volumes: {cache: {}}
`

const composed = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  runtime: {type: docker}
  components:
    web:
      compose: {file: compose.yml, service: web}
      image: "shop:{{version}}"
      env: {MODE: test}
      port: 8080
      health: {path: /health}
  traffic: {listen: "127.0.0.1:8080"}
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec: {from: v1, to: v2}
`

func TestAServiceOfAComposeFileBecomesAComponent(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"cutover.yaml": composed, "compose.yml": composeFile})
	b, err := config.Load(t.Context(), dir) // where the Compose file is not one of cutover's
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	a := p.To.Artefact
	want := &release.Container{
		Socket: "unix:///var/run/docker.sock", Image: "shop:v2", Port: 8080, Networks: []string{"shop_back", "outer"}, User: "1000",
		CPUs: 0.5, Memory: 64 << 20,
		Mounts: []release.Mount{{Source: filepath.Join(dir, "data"), Target: "/data"}, {Source: "shop_cache", Target: "/cache", ReadOnly: true}},
	}
	if !reflect.DeepEqual(a.Container, want) {
		t.Errorf("the container is %+v; want %+v", a.Container, want)
	}
	env := []release.EnvVar{{Name: "MODE", Value: "test"}, {Name: "PRICE", Value: "5$"}}
	if fmt.Sprint(a.Command) != "[serve --fast]" || a.Dir != "/srv" || !reflect.DeepEqual(a.Env, env) || a.Stop.Grace.Seconds() != 45 || a.Stop.Signal != "TERM" {
		t.Errorf("the artefact is %+v", a)
	}
}

func TestWhatCannotBeTakenOverFromAComposeFileIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, says string }{
		{"    user: \"1000\"", "    privileged: true", "compose.yml:11:5: services.web.privileged"},
		{"image: shop:1.0", "image: shop:${TAG}", "compose.yml:4:12: services.web.image: it has a variable"},
		{"MODE: live", "MODE:", "services.web.environment.MODE: Compose takes it from its own environment"},
		{"[back, outer]", "{back: {aliases: [shop]}}", "without aliases"},
		{`"./data:/data"`, `"~/data:/data"`, "whose home"},
		{"  web:\n", "  wep:\n", "did you mean \"wep\"?"},
	} {
		if !strings.Contains(composeFile, c.old) {
			t.Fatalf("%q is not in the good file", c.old)
		}
		dir := write(t, map[string]string{"cutover.yaml": composed, "compose.yml": strings.Replace(composeFile, c.old, c.new, 1)})
		_, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q in place of %q: %v; want it to say %q", c.new, c.old, err, c.says)
		}
	}
}

func TestServicesOfASwarmArePinnedByAManagerAndOtherwiseAsContainers(t *testing.T) {
	t.Parallel()
	loader := config.Loader{
		ResolveImage: func(context.Context, string, string) (string, error) {
			return "", errors.New("the wrong one was asked")
		},
		ResolveService: func(context.Context, string, string) (string, error) {
			return "shop@sha256:" + strings.Repeat("a", 64), nil
		},
	}
	text := strings.Replace(containers, "type: docker", "type: swarm", 1)
	b, err := loader.Parse("shop.yaml", []byte(text), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "", serves("v1", release.Blue), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	if a := p.To.Artefact; a.Runtime != "swarm" || a.Container == nil || a.Container.Pinned == "" || a.Container.Port != 8080 {
		t.Errorf("the artefact is %+v with %+v", a, a.Container)
	}
}

func TestSecretsThatAServiceWouldShowAreWarnedOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		runtime, keys string
		want          bool
	}{
		{"docker", "env: {TOKEN: env:SHOP_TOKEN}", false},
		{"swarm", "env: {TOKEN: env:SHOP_TOKEN}", true},
		{"swarm", "env: {TOKEN: env:SHOP_TOKEN}, secretFiles: true", false},
		{"swarm", "env: {MODE: live}", false},
	} {
		b, err := config.Parse("shop.yaml", []byte(`
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  runtime: {type: `+c.runtime+`}
  components:
    web: {image: "shop:{{version}}", port: 8080, health: {path: /health}, `+c.keys+`}
  traffic: {listen: "127.0.0.1:8088"}
`), t.TempDir())
		if err != nil {
			t.Fatalf("%s with %s: %v", c.runtime, c.keys, err)
		}
		found := slices.ContainsFunc(config.Lint(b), func(f config.Finding) bool { return f.ID == "secret-in-service" })
		if found != c.want {
			t.Errorf("%s with %s: warned of secrets in a service: %t; want %t", c.runtime, c.keys, found, c.want)
		}
	}
}
