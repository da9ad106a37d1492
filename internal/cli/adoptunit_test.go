package cli_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// services stand in the PATH of a house in place of systemd and docker, which a
// test must not touch: they know one service each, a real process, by the file
// with its number.
const services = `#!/bin/sh
pid=$(cat "$HOME/shop.pid")
alive() { kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status"; }
echo "$(basename "$0") $*" >>"$HOME/services.log"
case "$(basename "$0") $1" in
"systemctl is-active") alive || { echo inactive; exit 3; } ;;
"systemctl stop"|"docker stop") kill "$pid"; while alive; do sleep 0.02; done ;;
"docker inspect") alive && echo "0123456789abcdef true" ;;
"docker ps") if alive; then a=true; else a=false; fi; echo "{\"id\":\"0123456789abcdef\",\"alive\":$a}" ;;
*) echo "$0: $1 is not known" >&2; exit 1 ;;
esac
`

// serviceHouse has a house with one running service.
func serviceHouse(t *testing.T) (*house, *outsider) {
	h := newHouse(t)
	h.oneInstance()
	bin := filepath.Join(h.home, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"systemctl", "docker"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(services), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.path = bin + string(os.PathListSeparator)
	v1 := h.outsider("v1")
	h.write("shop.pid", strconv.Itoa(v1.pid))
	return h, v1
}

func TestAnAdoptedServiceIsStoppedByItsOwnManager(t *testing.T) {
	t.Parallel()
	for _, way := range [][]string{{"--unit", "shop.service"}, {"--container", "shop"}} {
		t.Run(way[0], func(t *testing.T) {
			t.Parallel()
			h, v1 := serviceHouse(t)
			h.write("v2.yaml", allAtOnce)
			adopt := append([]string{"adopt", "-f", "app.yaml", "--version", "v1"}, way...)
			if out := h.must(2, adopt...); !strings.Contains(out, "--address") {
				t.Errorf("without an address: %s", out)
			}
			h.must(0, append(adopt, "--address", v1.addr)...)
			crowd := h.crowd(50)
			h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
			if !v1.runs() {
				t.Fatal("it was stopped before the point of no return")
			}
			h.must(0, "retire", "shop")
			await(t, "its end", func() bool { return !v1.runs() })
			crowd.finish()
			log, err := os.ReadFile(filepath.Join(h.home, "services.log"))
			if err != nil || !strings.Contains(string(log), " stop ") || strings.Contains(string(log), " start ") {
				t.Errorf("%s, %v", log, err)
			}
		})
	}
}

func TestAUnitOrContainerThatDoesNotRunIsRefused(t *testing.T) {
	t.Parallel()
	h, v1 := serviceHouse(t)
	h.write("shop.pid", "4194001")
	for _, way := range []string{"--unit", "--container"} {
		if out := h.must(2, "adopt", "-f", "app.yaml", "--version", "v1", way, "shop", "--address", v1.addr); !strings.Contains(out, "shop") {
			t.Errorf("%s: %s", way, out)
		}
	}
}
