package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"cutover/internal/environ"
	"cutover/internal/release"
)

const (
	dialLimit    = 3 * time.Second
	answerLimit  = 5 * time.Second
	certificates = "see that the file exists, can be read and holds PEM"
)

// quiet keeps the client library from writing to standard error.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(quiet{}) }

// connect returns a client for the master. It connects when it is first used.
func connect(r release.Redis) (*redis.Client, error) {
	password, err := secret(r.Password)
	if err != nil {
		return nil, fmt.Errorf("find the password of Redis: %w", err)
	}
	trust, err := trusted(r.TLS)
	if err != nil {
		return nil, err
	}
	if r.Sentinel == nil {
		return redis.NewClient(&redis.Options{Addr: r.Address, Username: r.Username, Password: password, DB: r.Database, TLSConfig: trust,
			DialTimeout: dialLimit, ReadTimeout: answerLimit, WriteTimeout: answerLimit, MaxRetries: 1, PoolSize: 2, DisableIdentity: true}), nil
	}
	own, err := secret(r.Sentinel.Password)
	if err != nil {
		return nil, fmt.Errorf("find the password of the sentinels: %w", err)
	}
	return redis.NewFailoverClient(&redis.FailoverOptions{MasterName: r.Sentinel.Master, SentinelAddrs: r.Sentinel.Addresses, SentinelPassword: own,
		Username: r.Username, Password: password, DB: r.Database, TLSConfig: trust,
		DialTimeout: dialLimit, ReadTimeout: answerLimit, WriteTimeout: answerLimit, MaxRetries: 1, PoolSize: 2, DisableIdentity: true}), nil
}

// secret resolves a reference, "" for none.
func secret(ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	return environ.Resolve(ref)
}

// trusted returns how the server has to prove itself, nil without TLS.
func trusted(t *release.RedisTLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.Authorities != "" {
		text, err := os.ReadFile(t.Authorities)
		if err != nil {
			return nil, fmt.Errorf("read the authorities of Redis: %w; %s", err, certificates)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read the authorities of Redis: %s holds no certificate; %s", t.Authorities, certificates)
		}
	}
	if t.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate for Redis: %w; %s", err, certificates)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
