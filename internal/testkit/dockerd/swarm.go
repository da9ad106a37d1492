package dockerd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
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
	if err := s.makeGateway(); err != nil {
		return err
	}
	return s.ask("/swarm/init", map[string]any{
		"ListenAddr": s.loopback() + ":2377", "AdvertiseAddr": s.loopback(), "DefaultAddrPool": []string{"10.214.0.0/16"}, "SubnetSize": 24,
		// A node that is merely slow must not be taken for lost.
		"Spec": map[string]any{"Dispatcher": map[string]any{"HeartbeatPeriod": time.Minute}},
	})
}

// Join makes the daemon a worker in the swarm of another, once.
func (s *Server) Join(t testing.TB, manager *Server) {
	t.Helper()
	manager.Swarm(t)
	s.Socket(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swarm {
		return
	}
	if err := s.join(manager); err != nil {
		t.Fatalf("have a daemon join a swarm: %v: %s", err, s.lastWords())
	}
	s.swarm = true
}

func (s *Server) join(manager *Server) error {
	answer, err := manager.do(http.MethodGet, "/swarm", "", nil)
	if err != nil {
		return err
	}
	var swarm struct{ JoinTokens struct{ Worker string } }
	if err := json.Unmarshal(answer, &swarm); err != nil {
		return err
	}
	if err := s.makeGateway(); err != nil {
		return err
	}
	return s.ask("/swarm/join", map[string]any{
		"ListenAddr": s.loopback() + ":2377", "AdvertiseAddr": s.loopback(),
		"RemoteAddrs": []string{manager.loopback() + ":2377"}, "JoinToken": swarm.JoinTokens.Worker,
	})
}

// loopback is an address that no other daemon uses.
func (s *Server) loopback() string { return fmt.Sprintf("127.213.0.%d", 1+s.bridge.number) }

// makeGateway makes the network that Swarm would make itself, on a bridge that
// all daemons of the machine would share.
func (s *Server) makeGateway() error {
	return s.ask("/networks/create", map[string]any{
		"Name": "docker_gwbridge", "Driver": "bridge",
		"Options": map[string]string{"com.docker.network.bridge.name": s.bridge.gateway(), "com.docker.network.bridge.enable_icc": "false"},
		"IPAM":    map[string]any{"Config": []map[string]string{{"Subnet": fmt.Sprintf("10.213.%d.0/24", 150+s.bridge.number)}}},
	})
}

// ask posts JSON to the daemon.
func (s *Server) ask(path string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = s.do(http.MethodPost, path, "application/json", bytes.NewReader(data))
	return err
}
