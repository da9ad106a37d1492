package lane

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"time"
)

// line is a connection with what is needed to speak HTTP/1.1 on it.
type line struct {
	conn *conn
	addr string
	in   *bufio.Reader
	out  *bufio.Writer
	// left is how many bytes may still be read, until the deadline for it, zero
	// for none.
	left  int64
	until time.Time
}

func newLine(c *conn, addr string) *line {
	l := &line{conn: c, addr: addr, out: bufio.NewWriterSize(c, 4<<10)}
	l.in = bufio.NewReaderSize(l, 8<<10)
	return l
}

// mostHead is how long the heads of an answer, interim ones included, may be
// in bytes: what net/http's pool allows.
const mostHead = 10 << 20

// ask writes the request, which is a plain one if plain is not nil, and reads the head of the answer.
func (l *line) ask(r *http.Request, plain *exchange) (*http.Response, error) {
	if err := l.write(r, plain); err != nil {
		return nil, err
	}
	if err := l.arm(time.Now()); err != nil {
		return nil, err
	}
	l.left = mostHead
	res, err := l.head(r, plain)
	if err != nil {
		return nil, err
	}
	l.left = math.MaxInt64
	if res.ContentLength >= 0 && res.ContentLength <= int64(l.in.Buffered()) {
		return res, nil // nothing more will be waited for
	}
	return res, l.disarm()
}

func (l *line) write(r *http.Request, plain *exchange) error {
	if plain != nil {
		_, err := l.conn.Write(plain.head)
		return err
	}
	if err := r.Write(l.out); err != nil {
		return err
	}
	return l.out.Flush()
}

// head reads heads until one is final, and passes interim ones on.
func (l *line) head(r *http.Request, plain *exchange) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	for {
		res, err := http.ReadResponse(l.in, r)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the instance switched protocols unasked")
		case res.StatusCode >= 200:
			return res, nil
		case plain != nil:
			plain.interim(res)
		case trace != nil && trace.Got1xxResponse != nil:
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, fmt.Errorf("pass an interim answer on: %w", err)
			}
		}
	}
}

// armSlack is how much sooner than answerTimeout the wait for an answer may
// end: to move a deadline costs more than to read a short answer, so that of a
// busy connection is moved once in a while.
const armSlack = time.Minute

// arm sees to it that the wait for an answer ends.
func (l *line) arm(now time.Time) error {
	if l.until.Sub(now) > answerTimeout-armSlack {
		return nil
	}
	l.until = now.Add(answerTimeout)
	return l.conn.SetReadDeadline(l.until)
}

// disarm lets the rest of an answer take its time.
func (l *line) disarm() error {
	l.until = time.Time{}
	return l.conn.SetReadDeadline(time.Time{})
}

var errLongHead = errors.New("the head of the answer is too long")

// Read implements io.Reader below the buffer.
func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongHead
	}
	n, err := l.conn.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
