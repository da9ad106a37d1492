package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"cutover/internal/release"
)

// trouble says what went wrong with the cache and what helps. It never has the
// password in it.
func trouble(r release.Redis, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ask Redis at %s: %w; %s", place(r), err, cure(r, err))
}

func place(r release.Redis) string {
	if r.Sentinel != nil {
		return "master " + r.Sentinel.Master + " of " + strings.Join(r.Sentinel.Addresses, ", ")
	}
	return r.Address
}

func cure(r release.Redis, err error) string {
	text := err.Error()
	var certificate *tls.CertificateVerificationError
	var dial *net.OpError
	switch {
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "invalid password"), strings.Contains(text, "invalid username-password"):
		return "correct what spec.cache.redis.password refers to"
	case strings.Contains(text, "NOAUTH"):
		return "write spec.cache.redis.password: env:NAME or file:PATH"
	case strings.Contains(text, "without any password configured"):
		return "the server has no password: remove spec.cache.redis.password"
	case strings.Contains(text, "NOPERM"):
		return "permit the user SCAN, UNLINK, TYPE, GETRANGE, MEMORY, DBSIZE, INFO and ROLE on the prefixes, and for its signals GET, SUBSCRIBE and the channel __keyevent@*"
	case strings.HasPrefix(text, "LOADING"):
		return "it was started a moment ago and still reads its data: wait until it has"
	case strings.Contains(text, "all sentinels specified in configuration are unreachable"):
		return "see that a sentinel runs and knows the master by that name; correct spec.cache.redis.sentinel"
	case errors.As(err, &certificate):
		return "correct spec.cache.redis.tls: authorities has to hold who signed the server's certificate"
	case r.TLS == nil && (strings.HasSuffix(text, "EOF") || strings.Contains(text, "reset by peer")):
		return "if the server speaks TLS, write spec.cache.redis.tls: {}"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "the server speaks no TLS: remove spec.cache.redis.tls"
	case strings.Contains(text, "DB index is out of range"):
		return "correct spec.cache.redis.db"
	case errors.As(err, &dial), errors.Is(err, context.DeadlineExceeded):
		return "see that it runs and can be reached from here; correct spec.cache.redis"
	}
	return "see what its log says"
}
