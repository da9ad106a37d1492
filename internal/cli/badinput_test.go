package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
	testredis "cutover/internal/testkit/redis"
)

// refuses demands that a release is refused before it begins, with all words.
func (h *house) refuses(release string, words ...string) {
	h.t.Helper()
	out := h.must(2, "deploy", "-f", "app.yaml", "-f", release)
	for _, w := range words {
		if !strings.Contains(out, w) {
			h.t.Errorf("%q is missing in:\n%s", w, out)
		}
	}
	if list := h.instances(); len(list) > 0 {
		h.t.Errorf("instances were started: %+v", list)
	}
}

// text is what a file of the home has.
func (h *house) text(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.home, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func TestACacheThatCannotBeUsedIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	s, nobody := testredis.Start(t, "--requirepass", "geheim"), testkit.FreeAddr(t)
	h := newHouse(t)
	h.more = append(h.more, "CACHER="+program(t, "cacher"), "WRONG=ungeheuer", "REDIS="+s.Addr)
	app := fmt.Sprintf(cachingApp, "1")
	for cache, words := range map[string][]string{
		`redis: {address: "${REDIS}", password: env:WRONG}`:  {"ask Redis at " + s.Addr, "correct what spec.cache.redis.password refers to"},
		`redis: {address: "${REDIS}"}`:                       {"NOAUTH", "write spec.cache.redis.password: env:NAME or file:PATH"},
		`redis: {address: "${REDIS}", password: env:NOTSET}`: {"NOTSET", "is not set"},
		`redis: {address: "` + nobody + `"}`:                 {"ask Redis at " + nobody, "see that it runs and can be reached from here"},
	} {
		h.write("app.yaml", strings.Replace(app, `redis: {address: "${REDIS}"}`, cache, 1))
		h.refuses("v1.yaml", append(words, "v1.yaml:")...)
		if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml"); strings.Contains(out, "geheuer") {
			t.Errorf("the password is shown: %s", out)
		}
	}
}

func TestAPoolThatIsTooSmallForBothVersionsIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	pg := postgres.New(t, postgres.Settings{})
	h := newHouse(t)
	h.write("dsn", pg.NewDatabase(t))
	app := strings.NewReplacer("  traffic:", "  database: {type: postgres, url: file:dsn, pool: {perInstance: 60, reserve: 5}}\n  traffic:").Replace(h.text("app.yaml"))
	h.write("app.yaml", app)
	h.refuses("v1.yaml", "both versions would not fit the database's connections", "(0 old + 2 new instances) x 60 + 5 in reserve = 125", "max_connections 100", "use fewer replicas or smaller pools, put PgBouncer in front")

	h.write("app.yaml", strings.Replace(app, "perInstance: 60", "perInstance: 30", 1))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "(2 old + 2 new instances) x 30 + 5 in reserve = 125") {
		t.Errorf("it says %s", out)
	}
	h.write("dsn", "postgres://nobody@"+testkit.FreeAddr(t)+"/shop")
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "count the database's connections") || !strings.Contains(out, "correct spec.database.url") {
		t.Errorf("it says %s", out)
	}
	if n := len(h.instances()); n != 2 {
		t.Errorf("%d instances run", n)
	}
}

func TestAnImageThatItsRegistryDoesNotHaveIsRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		if r.URL.Path != "/v2/" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
		}
	}))
	defer registry.Close()
	at := strings.TrimPrefix(registry.URL, "http://")
	h := newHouse(t)
	h.more = append(h.more, "DOCKER="+docker.Socket(t))
	h.write("app.yaml", strings.Replace(shipped, `image: "shop:`, `image: "`+at+`/shop:`, 1))
	h.refuses("v1.yaml", "the image "+at+"/shop:v1 is not there", "manifest", "docker pull it, or correct its name", "app.yaml:9:14")
}

func TestAComposeFileWithWhatCannotBeTakenOverIsRefusedByLintAndDeploy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.more = append(h.more, "DOCKER="+docker.Socket(t))
	h.write("app.yaml", strings.Replace(shipped, `image: "shop:{{version}}"`, `compose: {file: compose.yaml, service: web}`, 1))
	h.write("compose.yaml", `services:
  web:
    image: shop:1.0
    privileged: true
    environment: {TOKEN: "${TOKEN_OF_COMPOSE}"}
    volumes: ["~/data:/data"]
`)
	words := []string{"compose.yaml:4:5: services.web.privileged", "describe the component in the app file without compose", "compose.yaml:5:26", "a variable that Compose fills in", "write the whole path"}
	out := h.must(2, "lint", "-f", "app.yaml", "-f", "v1.yaml")
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("%q is missing in:\n%s", w, out)
		}
	}
	h.refuses("v1.yaml", words...)
}
