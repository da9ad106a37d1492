package load

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// converse opens a WebSocket, answers each tick with a number and checks
// that the numbers come back in order, until the connection ends. Its regular end is a
// close frame, whatever its code.
func (c *Client) converse(u *user) {
	o := Outcome{Kind: SocketKind, Intended: time.Now()}
	c.ledger.begin()
	conn, resp, err := c.shakeHands(u, &o)
	if err != nil {
		c.settle(&o, resp, nil, failedHandshake(resp, err))
		return
	}
	defer conn.CloseNow()
	c.ledger.streamBegan(resp.Header.Get(versionHeader), o.Sent)
	err = c.talk(conn)
	c.ledger.streamEnded(c.endOf(websocket.CloseStatus(err) != -1))
}

// shakeHands opens the WebSocket on a connection of its own, so nothing can
// be sent twice.
func (c *Client) shakeHands(u *user, o *Outcome) (*websocket.Conn, *http.Response, error) {
	req := c.newRequest(SocketKind, "/ws")
	u.dress(req.Header)
	o.ID = req.Header.Get(requestIDHeader)
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	ctx, cancel := context.WithTimeout(c.hard, c.options.Timeout)
	defer cancel()
	o.Sent = time.Now()
	conn, resp, err := websocket.Dial(ctx, req.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: noRedirect},
		HTTPHeader: req.Header,
		Host:       c.options.Host,
	})
	if resp != nil {
		u.keep(resp)
	}
	return conn, resp, err
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// failedHandshake returns nil if there was a complete answer, of whatever
// content, and else how it was missing.
func failedHandshake(resp *http.Response, err error) error {
	switch {
	case resp != nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &breach{TooLate, err}
	}
	return &breach{NoAnswer, err}
}

// talk returns the error that ended the conversation. When Stop is called
// the connection is dropped without a word, so that in every ledger on the
// way it is the client who went.
func (c *Client) talk(conn *websocket.Conn) error {
	asked, echoed := 0, 0
	for {
		ctx, cancel := context.WithTimeout(c.soft, c.options.Timeout)
		_, msg, err := conn.Read(ctx)
		if err == nil && strings.HasPrefix(string(msg), `{"tick":`) {
			asked++
			err = conn.Write(ctx, websocket.MessageText, []byte(strconv.Itoa(asked)))
		} else if err == nil {
			echoed++
			if string(msg) != strconv.Itoa(echoed) {
				c.ledger.mismatch()
			}
		}
		cancel()
		if err != nil {
			return err
		}
	}
}
