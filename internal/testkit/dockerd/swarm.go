package dockerd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Swarm makes the daemon the manager, and the only node, of a swarm, once, and
// returns its address. Its traffic with itself stays on a loopback address of
// its own, so that several such daemons can run on a machine. The routing mesh
// is not to be relied on: it needs what not every kernel has (IPVS).
func (s *Server) Swarm(t testing.TB) string {
	t.Helper()
	socket := s.Socket(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.swarm {
		if err := s.initSwarm(); err != nil {
			t.Fatalf("make a swarm for the tests: %v: %s", err, s.lastWords())
		}
		s.swarm = true
	}
	return socket
}

func (s *Server) initSwarm() error {
	// Swarm would make this network itself, on a bridge that all daemons of the
	// machine would share.
	gateway, err := json.Marshal(map[string]any{
		"Name": "docker_gwbridge", "Driver": "bridge",
		"Options": map[string]string{"com.docker.network.bridge.name": s.bridge.gateway(), "com.docker.network.bridge.enable_icc": "false"},
		"IPAM":    map[string]any{"Config": []map[string]string{{"Subnet": fmt.Sprintf("10.213.%d.0/24", 150+s.bridge.number)}}},
	})
	if err != nil {
		return err
	}
	host := fmt.Sprintf("127.213.0.%d", 1+s.bridge.number)
	swarm, err := json.Marshal(map[string]any{
		"ListenAddr": host + ":2377", "AdvertiseAddr": host, "DefaultAddrPool": []string{"10.214.0.0/16"}, "SubnetSize": 24,
	})
	if err != nil {
		return err
	}
	for _, call := range []struct {
		path string
		body []byte
	}{{"/networks/create", gateway}, {"/swarm/init", swarm}} {
		if _, err := s.do(http.MethodPost, call.path, "application/json", strings.NewReader(string(call.body))); err != nil {
			return err
		}
	}
	return nil
}
