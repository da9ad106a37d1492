package switching

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/demo/load"
)

// uploaders send files back to back over kept connections, by turns with and
// without a length, a little pause between any two.
type uploaders struct {
	url    string
	tell   func(load.Outcome)
	failed atomic.Int64
	serial atomic.Int64
	wg     sync.WaitGroup
	stop   context.CancelFunc
}

const (
	uploadSize  = 256 << 10
	uploadPause = 40 * time.Millisecond
)

// startUploaders starts n of them; the street hears of every upload.
func startUploaders(s *street, n int) *uploaders {
	ctx, stop := context.WithCancel(context.Background())
	u := &uploaders{url: s.url(), tell: s.observe, stop: stop}
	file := bytes.Repeat([]byte("0123456789abcdef"), uploadSize/16)
	for range n {
		u.wg.Go(func() {
			client := s.line()
			client.Timeout = time.Minute
			defer client.CloseIdleConnections()
			tick := time.NewTicker(uploadPause)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					u.send(client, file)
				}
			}
		})
	}
	return u
}

// send ends by itself: an upload under way is completed.
func (u *uploaders) send(client *http.Client, file []byte) {
	n := u.serial.Add(1)
	var body io.Reader = bytes.NewReader(file)
	if n%2 == 0 {
		body = io.MultiReader(body) // hides the length: it goes in chunks
	}
	o := load.Outcome{ID: fmt.Sprint("upload-", n), Kind: load.PostKind, Sent: time.Now(), Fate: load.Lost}
	defer func() {
		o.Done = time.Now()
		if o.Fate != load.Answered {
			u.failed.Add(1)
		}
		u.tell(o)
	}()
	r, err := http.NewRequest("POST", u.url+"/upload", body)
	if err != nil {
		return
	}
	r.Header.Set("X-Request-Id", o.ID)
	r.GetBody = nil // the client must not repeat it
	res, err := client.Do(r)
	if err != nil {
		return
	}
	defer res.Body.Close()
	var got struct {
		ID    string
		Bytes int
	}
	o.Status, o.Version = res.StatusCode, res.Header.Get("X-App-Version")
	if json.NewDecoder(res.Body).Decode(&got) == nil && got.ID == o.ID && got.Bytes == len(file) {
		o.Fate = load.Answered
	}
}

// end lets what is under way end, and returns how many uploads failed.
func (u *uploaders) end() int64 {
	u.stop()
	u.wg.Wait()
	return u.failed.Load()
}
