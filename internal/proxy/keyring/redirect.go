package keyring

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// proofPath is where an authority looks that asks by plain HTTP.
const proofPath = "/.well-known/acme-challenge/"

// Redirect returns what answers on an address that only sends users on to
// https, nil if the address is no such one.
func (r *Ring) Redirect(addr string) http.Handler {
	if d := (*r.doors.Load())[addr]; d == nil || d.purpose.Redirect == "" {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		d := (*r.doors.Load())[addr]
		text, asked := r.keeper.ProofText(q.URL.Path)
		target, ok := "", false
		if d != nil {
			target, ok = secured(q, d.purpose.Redirect)
		}
		switch {
		case strings.HasPrefix(q.URL.Path, proofPath) && asked:
			w.Header().Set("Content-Type", "application/octet-stream")
			fmt.Fprint(w, text)
		case !ok:
			http.Error(w, "cutover proxy: 400 Bad Request: use https", http.StatusBadRequest)
		default:
			http.Redirect(w, q, target, http.StatusPermanentRedirect)
		}
	})
}

// secured returns where a request should have gone.
func secured(q *http.Request, listen string) (string, bool) {
	host := q.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	uri := q.URL.RequestURI()
	if host == "" || strings.ContainsAny(host, "/\\?#@ ") || !strings.HasPrefix(uri, "/") {
		return "", false
	}
	_, port, _ := net.SplitHostPort(listen)
	switch {
	case port != "443":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return "https://" + host + uri, true
}
