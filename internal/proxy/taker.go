package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"cutover/internal/proxy/handover"
	"cutover/internal/proxy/route"
	"cutover/internal/proxy/state"
	"cutover/internal/socket"
)

// errNobody: there is no proxy to take over from.
var errNobody = errors.New("no proxy runs here")

// taker is a proxy that takes over from another one.
type taker struct {
	options Options
	wire    *handover.Wire
	server  *server
	dir     *state.Dir
	socket  *socket.Listener
	epoch   string
}

// takeOver takes over from the proxy that runs on the state folder and runs
// in its place, like Run. It returns errNobody if there is none.
func takeOver(ctx context.Context, o Options) error {
	w, err := handover.Dial(ctx, nextSocket(o.StateDir), handoverPatience)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return errNobody
	case err != nil:
		return fmt.Errorf("take over: %w", err)
	}
	defer w.Close()
	t := &taker{options: o, wire: w}
	if err := t.adopt(ctx); err != nil {
		t.release()
		if errors.Is(err, io.EOF) {
			return errNobody // it has died
		}
		_ = w.Last(word{Word: wordAbort, Reason: err.Error()}) // it hears the end in any case
		return fmt.Errorf("take over: %w; process %d goes on", err, w.Peer())
	}
	return t.serve(ctx)
}

// adopt makes everything ready that the other one offers. After an error this
// process is not in charge.
func (t *taker) adopt(ctx context.Context) error {
	if err := t.wire.Send(word{Word: wordHello, Protocol: protocol, Version: t.options.Version}); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	t.options.atStage("new-hello")
	var said word
	files, err := t.wire.Receive(&said)
	if err != nil {
		return fmt.Errorf("wait for the offer: %w", err)
	}
	if said.Word == wordAbort {
		return fmt.Errorf("%w: %s", errAborted, said.Reason)
	}
	t.options.atStage("new-offer")
	if said.Word != wordOffer || said.Offer == nil || len(files) != 2+len(said.Offer.Listeners) {
		return errors.Join(fmt.Errorf("the other process said %q with %d files, which is no offer", said.Word, len(files)), handover.CloseAll(files))
	}
	return t.prepare(ctx, *said.Offer, files)
}

// prepare looks whether the offer can be served.
func (t *taker) prepare(ctx context.Context, of offer, files []*os.File) error {
	t.dir, t.epoch = state.Adopt(t.options.StateDir, files[0]), of.Epoch
	listeners := files[2:]
	var err error
	if t.socket, err = socket.Adopt(files[1], of.Socket, t.options.Logger); err != nil {
		return errors.Join(err, handover.CloseAll(listeners))
	}
	fresh, err := reopen(of.Listeners, listeners)
	if err != nil {
		return err
	}
	saved, notice, err := t.dir.Load()
	t.server = newServer(ctx, t.options, t.dir, notice)
	t.server.plane.doors.adopt(fresh)
	switch {
	case err != nil:
		return err
	case of.Socket != t.options.Socket:
		return fmt.Errorf("its admin socket is %s, this one's would be %s", of.Socket, t.options.Socket)
	case saved.Generation != of.Table.Generation || saved.Fence != of.Table.Fence:
		return fmt.Errorf("it serves generation %d, fence %d, but on disk are %d and %d", of.Table.Generation, of.Table.Fence, saved.Generation, saved.Fence)
	}
	return covers(fresh, saved)
}

// covers: binding a missing address now could fail when it must not.
func covers(have bound, table route.Table) error {
	for _, addr := range table.Listens() {
		if _, ok := have[addr]; !ok {
			return fmt.Errorf("the address %s was not handed over", addr)
		}
	}
	return nil
}

func reopen(addrs []string, files []*os.File) (bound, error) {
	fresh := bound{}
	var errs []error
	for i, f := range files {
		ln, err := net.FileListener(f)
		errs = append(errs, err, f.Close())
		if err == nil {
			fresh[addrs[i]] = ln
		}
	}
	if err := errors.Join(errs...); err != nil {
		fresh.close()
		return nil, fmt.Errorf("adopt listeners: %w", err)
	}
	return fresh, nil
}

// serve goes through the rest of the takeover and then runs. From ready on the
// death of the other one leaves this one in charge.
func (t *taker) serve(ctx context.Context) error {
	inherited, alone, err := t.inherit()
	if err != nil {
		t.release()
		return fmt.Errorf("take over: %w", err)
	}
	p := t.server.plane
	p.mu.Lock() // no orders until the other one takes none
	p.epoch = t.epoch
	if alone {
		p.epoch = newEpoch() // its counters died with it
		err = p.former.Find(t.options.StateDir)
	} else {
		p.book.Inherit(inherited.Users)
		p.former.Take(inherited.Ancestry)
	}
	table, _, loadErr := t.dir.Load()
	if err := errors.Join(err, loadErr, t.server.resume(ctx, table)); err != nil {
		p.mu.Unlock()
		return fmt.Errorf("take over: %w", errors.Join(err, t.retreat()))
	}
	a := t.server.serveAdmin(t.socket)
	err = t.takeCharge(alone)
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("take over: %w", errors.Join(err, t.retreat()))
	}
	defer t.dir.Close()
	defer t.socket.Close()
	p.doors.abandon()
	t.options.Logger.Info("proxy serves", "generation", table.Generation, "services", len(table.Services), "socket", t.options.Socket, "tookOverFrom", t.wire.Peer())
	return t.server.runWith(ctx, t.socket, a)
}

// inherit waits for the accounts. alone says that the other process has died.
func (t *taker) inherit() (got accounts, alone bool, err error) {
	err = t.wire.Send(word{Word: wordReady})
	t.options.atStage("new-ready")
	var said word
	if err == nil {
		said, err = hear(t.wire, wordAccounts)
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return got, true, nil
	case err != nil:
		return got, false, err
	case said.Accounts == nil:
		return got, false, errors.New("the accounts are missing")
	}
	t.options.atStage("new-accounts")
	return *said.Accounts, false, nil
}

// takeCharge ends the takeover: when it returns nil, this process is the one
// in charge.
func (t *taker) takeCharge(alone bool) error {
	if alone {
		return nil
	}
	err := t.wire.Send(word{Word: wordServing})
	t.options.atStage("new-serving")
	if err == nil {
		_, err = hear(t.wire, wordYours)
	}
	t.options.atStage("new-yours")
	if err == nil {
		err = t.wire.Send(word{Word: wordMine})
	}
	t.options.atStage("new-mine")
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return nil // the other one has died
	}
	return err
}

// retreat ends what serves already; the other process goes on.
func (t *taker) retreat() error {
	_ = t.wire.Last(word{Word: wordAbort, Reason: "it cannot serve"}) // it may have been the other one that gave up
	t.server.plane.doors.leave()
	t.server.end()
	t.release()
	return fmt.Errorf("process %d goes on", t.wire.Peer())
}

// release lets go of what was adopted: it stays open in the other process.
func (t *taker) release() {
	if t.server != nil {
		t.server.plane.doors.abandon()
	}
	if t.socket != nil {
		t.socket.SetUnlinkOnClose(false)
		t.socket.Close()
	}
	if t.dir != nil {
		_ = t.dir.Release() // an error means that it was closed
	}
}

// keepUp reads the accounts of former proxies, so that little is unknown if
// one of them dies, and so that they can end.
func (s *server) keepUp(ctx context.Context) {
	tick := time.NewTicker(keepUpEvery)
	defer tick.Stop()
	said := ""
	for {
		_, err := s.plane.former.Read(ctx, s.plane.board.Table())
		switch {
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said:
			said = err.Error()
			s.plane.log.Warn("a former proxy is out of reach", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

const keepUpEvery = 200 * time.Millisecond
