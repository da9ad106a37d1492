package proxy

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

func TestRequestsComeOutMaskedAndTheReaderMayGoAtAnyTime(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	put(t, p.Client, service("shop", addr, says(t, "hello")))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	users, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for users.Err() == nil {
			r, _ := http.NewRequestWithContext(users, "GET", "http://"+addr+"/a?token=hunter2&b=1", nil)
			r.Header.Set("Authorization", "hunter2")
			if res, err := http.DefaultClient.Do(r); err == nil {
				res.Body.Close()
			}
		}
	}()
	enough := errors.New("enough")
	var got []record.Request
	err := p.Requests(ctx, admin.Recording{App: "shop", Share: release.All}, func(r record.Request) error {
		if got = append(got, r); len(got) == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if r := got[2]; r.URI != "/a?token=masked&b=1" || r.Header["Authorization"][0] != "masked" || r.Method != "GET" {
		t.Errorf("got %+v", r)
	}
	err = p.Requests(ctx, admin.Recording{App: "shop"}, nil)
	if !errors.Is(err, admin.ErrInvalid) {
		t.Errorf("without a share: %v", err)
	}
	stop()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
