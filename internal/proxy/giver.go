package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/former"
	"cutover/internal/proxy/handover"
	"cutover/internal/socket"
)

// giver hands a running proxy over to the next one.
type giver struct {
	plane   *plane
	socket  *socket.Listener // the admin socket
	offers  *socket.Listener
	atStage func(string)
	// leaving takes questions of the successor once it was offered everything.
	leaving *leaving
	given   chan struct{}
}

// listen waits for successors until one has taken over, which given tells, or
// the offers are closed.
func (g *giver) listen() {
	for {
		conn, err := g.offers.Accept()
		if err != nil {
			return
		}
		w, err := handover.New(conn.(*net.UnixConn), handoverPatience)
		if err == nil {
			err = g.converse(w)
		}
		if err == nil {
			close(g.given)
			return
		}
		g.plane.log.Warn("a takeover failed, this process goes on", "error", err)
	}
}

// converse returns nil if the other process is in charge now.
func (g *giver) converse(w *handover.Wire) (err error) {
	defer w.Close()
	defer func() {
		if err != nil {
			err = errors.Join(err, turnDown(w, err))
		}
	}()
	hello, err := hear(w, wordHello)
	if err != nil {
		return err
	}
	if hello.Protocol != protocol {
		return fmt.Errorf("version %s speaks protocol %d, this one speaks %d: stop this proxy and start the other", hello.Version, hello.Protocol, protocol)
	}
	p := g.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	ancestry, thaw := p.former.Freeze()
	defer thaw()
	if err := g.propose(w); err != nil {
		return err
	}
	if err := g.move(w, ancestry); err != nil {
		g.takeBack()
		return err
	}
	p.former.Drop()
	return nil
}

// propose offers everything and waits until the other one has adopted it.
func (g *giver) propose(w *handover.Wire) error {
	g.atStage("old-hello")
	addrs, listeners, err := g.plane.doors.handOut()
	if err != nil {
		return err
	}
	table := g.plane.board.Table()
	files := append([]syscall.Conn{g.plane.dir.Lock(), g.socket}, listeners...)
	err = w.Send(word{Word: wordOffer, Offer: &offer{Table: table, Epoch: g.plane.epoch, Socket: g.socket.Addr().String(), Listeners: addrs}}, files...)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	g.atStage("old-offer")
	_, err = hear(w, wordReady)
	g.atStage("old-ready")
	return err
}

// move makes the other one the one in charge, if it lives to say so. From the
// word accounts on both take requests, and this one answers no questions.
func (g *giver) move(w *handover.Wire, ancestry former.Ancestry) error {
	p := g.plane
	if err := g.leaving.open(p); err != nil {
		return err
	}
	p.moved.Store(true)
	accounts := &accounts{Users: p.book.HandOver(), Ancestry: ancestry}
	self := former.Link{Socket: g.leaving.path, Last: g.leaving.Account(0)}
	self.Last.Events = nil
	accounts.Ancestry.Links = append(append([]former.Link(nil), ancestry.Links...), self)
	if err := w.Send(word{Word: wordAccounts, Accounts: accounts}); err != nil {
		return fmt.Errorf("hand over the accounts: %w", err)
	}
	g.atStage("old-accounts")
	if _, err := hear(w, wordServing); err != nil {
		return err
	}
	g.atStage("old-serving")
	if err := w.Send(word{Word: wordYours}); err != nil {
		return fmt.Errorf("hand over the orders: %w", err)
	}
	g.atStage("old-yours")
	if _, err := hear(w, wordMine); err != nil {
		// Whether it is in charge is not known; it must not be, from here on.
		if !errors.Is(err, io.EOF) && !errors.Is(err, errAborted) {
			err = errors.Join(err, w.Kill())
		}
		return err
	}
	g.leaving.commit()
	g.atStage("old-mine")
	return nil
}

// turnDown makes sure that the other process does not think that it is in
// charge: it takes the bare end of a conversation for this one's death.
func turnDown(w *handover.Wire, why error) error {
	if errors.Is(why, io.EOF) || errors.Is(why, errAborted) {
		return nil
	}
	if err := w.Last(word{Word: wordAbort, Reason: why.Error()}); err != nil {
		return w.Kill()
	}
	return nil
}

func (g *giver) takeBack() {
	g.leaving.close()
	g.plane.book.TakeBack()
	g.plane.moved.Store(false)
}

// hear waits for one word.
func hear(w *handover.Wire, want string) (word, error) {
	var said word
	files, err := w.Receive(&said)
	if len(files) > 0 {
		err = errors.Join(err, handover.CloseAll(files))
	}
	switch {
	case errors.Is(err, io.EOF):
		return said, fmt.Errorf("the other process ended before it said %s: %w", want, err)
	case err != nil:
		return said, fmt.Errorf("wait for the word %s: %w", want, err)
	case said.Word == wordAbort:
		return said, fmt.Errorf("%w: %s", errAborted, said.Reason)
	case said.Word != want:
		return said, fmt.Errorf("%w: it said %q instead of %s", errAborted, said.Word, want)
	}
	return said, nil
}

// errAborted: the other process lives and does not want to.
var errAborted = errors.New("the other process gave up")

// listenNext opens the socket for successors.
func listenNext(stateDir string, log *slog.Logger) (*socket.Listener, error) {
	return admin.Listen(nextSocket(stateDir), log)
}

// offer lets other processes take over from this one.
func (s *server) offer(orders *socket.Listener) *giver {
	g := &giver{
		plane: s.plane, socket: orders, atStage: s.atStage, given: make(chan struct{}),
		leaving: &leaving{path: former.Path(s.folder, os.Getpid()), farewell: make(chan struct{})},
	}
	offers, err := listenNext(s.folder, s.plane.log)
	if err != nil {
		s.plane.log.Warn("nobody can take over from this proxy", "error", err)
		return g
	}
	g.offers = offers
	go g.listen()
	return g
}

// close stops the offers.
func (g *giver) close() {
	if g.offers != nil {
		g.offers.Close()
	}
}

// handOn lets go of what the successor has: closed by this process, it stays
// open in the other.
func (s *server) handOn(g *giver, a *adminServer) {
	g.socket.SetUnlinkOnClose(false)
	g.offers.SetUnlinkOnClose(false)
	g.close()
	ctx, cancel := context.WithTimeout(context.Background(), partingWithin)
	defer cancel()
	if err := a.api.Shutdown(ctx); err != nil {
		a.api.Close() // only recorders of requests stay for long
	}
	if err := s.plane.dir.Release(); err != nil {
		s.plane.log.Warn("let go of the state folder", "error", err)
	}
}
