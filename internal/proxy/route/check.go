package route

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// Check returns everything that is wrong with the table, nil if it can be
// served. The messages say what to change.
func (t Table) Check() error {
	var errs []error
	for i, s := range t.Services {
		if err := s.Check(); err != nil {
			errs = append(errs, fmt.Errorf("app %q: %w", s.App, err))
		}
		if i > 0 && t.Services[i-1].App >= s.App {
			errs = append(errs, fmt.Errorf("app %q stands twice or out of order", s.App))
		}
	}
	if len(errs) == 0 {
		_, err := NewIndex(t)
		_, doors := t.Doors()
		errs = append(errs, err, doors, t.checkIssuers())
	}
	return errors.Join(errs...)
}

// Check returns everything that is wrong with the service by itself.
func (s Service) Check() error {
	front := s.Route.Front
	errs := []error{
		checkApp(s.App),
		checkListen("listen", front.Listen),
		checkPath(front.Path),
		checkHosts(front.Hosts),
		checkSides(s.Route.Sides),
		checkHash(s.SecretHash),
		checkTLS(front),
	}
	if !front.Backend.Valid() {
		errs = append(errs, fmt.Errorf("backend is %q, want http1 or h2c", front.Backend))
	}
	if front.PrivateListen != "" {
		errs = append(errs, checkListen("privateListen", front.PrivateListen))
	}
	if p := s.Route.Private; p != release.NoSide && !p.Valid() {
		errs = append(errs, fmt.Errorf("private is %q, want blue, green or nothing", p))
	}
	_, err := ParseTrust(front.Trust)
	errs = append(errs, err, front.Limits.Check(), front.Pages.Check(), checkAssets(front.Assets))
	if front.StreamGrace < 0 || front.StreamSpread < 0 {
		errs = append(errs, errors.New("streamGrace and streamSpread must not be negative"))
	}
	if h := front.Hold; h.AtMost < 0 || h.Requests < 0 {
		errs = append(errs, errors.New("hold.atMost and hold.requests must not be negative"))
	}
	if m := s.Route.Mirror; m != nil {
		errs = append(errs, checkMirror(m, s.Route))
	}
	return errors.Join(errs...)
}

// checkMirror refuses copies to a side that has users, and copies of writes to
// an instance that may share its state with the side that answers.
func checkMirror(m *release.Mirror, r release.Route) error {
	if !m.Side.Valid() {
		return fmt.Errorf("mirror has side %q, want blue or green", m.Side)
	}
	if w := r.Sides.Of(m.Side).Weight; w > release.None {
		return fmt.Errorf("mirror goes to %s, which has %s of the traffic", m.Side, w)
	}
	if s := m.Shadow.Share; s < release.None || s > release.All {
		return fmt.Errorf("mirror has share %d, want 0 to %d", s, release.All)
	}
	if m.Shadow.Target == "" {
		if m.Shadow.Writes {
			return errors.New("mirror copies writes, but names no target: they must go to an instance with a state of its own")
		}
		return nil
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		for _, e := range r.Sides.Of(side).Endpoints {
			if m.Shadow.Writes && e.Addr == m.Shadow.Target {
				return fmt.Errorf("mirror copies writes to %s, which is endpoint %q of %s: they must go to an instance with a state of its own", e.Addr, e.ID, side)
			}
		}
	}
	return checkListen("mirror.target", m.Shadow.Target)
}

func checkApp(app string) error {
	if app == "" || strings.ContainsAny(app, "/ \t\r\n") {
		return fmt.Errorf("app is %q, want a name without spaces and slashes", app)
	}
	return nil
}

func checkListen(field, addr string) error {
	if _, err := splitAddr(addr); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path is %q, want a prefix that begins with /", path)
	}
	return nil
}

func checkAssets(paths []string) error {
	for _, p := range paths {
		if !strings.HasPrefix(p, "/") || !strings.HasSuffix(p, "/") {
			return fmt.Errorf("assets has %q, want a folder such as /static/", p)
		}
	}
	return nil
}

func checkHosts(hosts []string) error {
	for _, h := range hosts {
		if h == "" || h != normalHost(h) {
			return fmt.Errorf("host is %q, want a name in lower case without a port, such as shop.example.org", h)
		}
	}
	return nil
}

func checkSides(sides release.Sides[release.SideRoute]) error {
	var errs []error
	for _, side := range []release.Side{release.Blue, release.Green} {
		r := sides.Of(side)
		if r.Weight < release.None || r.Weight > release.All {
			errs = append(errs, fmt.Errorf("%s has weight %d, want 0 to %d", side, r.Weight, release.All))
		}
		for _, e := range r.Endpoints {
			host, err := splitAddr(e.Addr)
			if err == nil && host == "" {
				err = fmt.Errorf("address %q has no host", e.Addr)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s endpoint %q: %w", side, e.ID, err))
			}
		}
	}
	if sum := sides.Blue.Weight + sides.Green.Weight; sum != release.All && sum != release.None {
		errs = append(errs, fmt.Errorf("the weights add up to %s, want 100%% or 0%%", sum))
	}
	return errors.Join(errs...)
}

func checkHash(hash string) error {
	if hash == "" {
		return nil
	}
	if b, err := hex.DecodeString(hash); err != nil || len(b) != 32 {
		return errors.New("secretHash is not a SHA-256 in hex")
	}
	return nil
}

// splitAddr returns the host part of host:port after a look at both.
func splitAddr(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address %q is not host:port", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("address %q has port %q, want 1 to 65535", addr, port)
	}
	return host, nil
}
