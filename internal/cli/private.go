package cli

import (
	"fmt"

	"cutover/internal/proxy/board"
	"cutover/internal/release"
)

// privateAccess prints how to reach the side that a release brings in before
// it has public traffic. The secret is made from the state folder's key and
// the release, and good for that release only.
func (s *session) privateAccess(st release.State) error {
	switch st.Phase {
	case release.Starting, release.Warming, release.Testing, release.Shifting, release.Soaking:
	default:
		return usage("release %s is %s: no side is private now; there is one from starting to soaking", st.Release, st.Word())
	}
	key, err := secretKey(s.layout().key())
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	front := st.Plan.Front
	if isForeign(front) && front.PrivateListen == "" {
		return usage("%s serves %s, and leads nobody to a version without traffic: write privateGreen: host:port in spec.traffic (nginx), or a frontend of your own (HAProxy)", front.Driver, st.App)
	}
	access := map[string]string{
		"header": board.PrivateHeader, "secret": secretOf(key, st.Plan.Release), "listen": front.PrivateListen, "version": st.Plan.To.Version,
	}
	if isForeign(front) {
		delete(access, "header")
		delete(access, "secret")
	}
	if s.json {
		s.print(access)
		return nil
	}
	if !isForeign(front) {
		s.privateHeader(st, access)
	}
	if front.PrivateListen != "" {
		fmt.Fprintf(s.out, "  curl http://%s%s\n", reachable(front.PrivateListen), front.Path)
	}
	if !isForeign(front) {
		fmt.Fprintln(s.errs, "keep the value to yourself; it ends with the release")
	}
	return nil
}

// privateHeader prints how the secret header is sent.
func (s *session) privateHeader(st release.State, access map[string]string) {
	front := st.Plan.Front
	fmt.Fprintf(s.out, "%s is reached by its own header, or its own address if there is one:\n", sideLabel(st.Plan.To))
	scheme := "http"
	if front.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(s.out, "  curl -H '%s: %s' %s://%s%s\n", access["header"], access["secret"], scheme, reachable(front.Listen), front.Path)
}

// reachable turns a listen address into one to connect to.
func reachable(listen string) string {
	if len(listen) > 0 && listen[0] == ':' {
		return "127.0.0.1" + listen
	}
	return listen
}
