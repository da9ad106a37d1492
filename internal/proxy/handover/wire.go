package handover

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// maxMessage bounds one message: a large table, and what is remembered of the
// clients of some hundred apps.
const maxMessage = 256 << 20

// maxFiles is how many files the kernel lets one message carry (SCM_MAX_FD is
// 253).
const maxFiles = 200

// ErrPeer means that somebody else than this user is at the other end.
var ErrPeer = errors.New("the other end belongs to another user")

// Wire is one end of a connection between two proxies. It is for one
// goroutine at a time.
type Wire struct {
	conn *net.UnixConn
	peer *syscall.Ucred
}

// Dial connects to the proxy that listens at path. Everything that is said has
// to be said within patience.
func Dial(ctx context.Context, path string, patience time.Duration) (*Wire, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return New(conn.(*net.UnixConn), patience)
}

// New takes a connection over, which must be of a Unix socket, and closes it
// if the process at its other end is not of this user: ErrPeer.
func New(conn *net.UnixConn, patience time.Duration) (*Wire, error) {
	peer, err := credentials(conn)
	if err == nil && int(peer.Uid) != os.Geteuid() {
		err = fmt.Errorf("%w: user %d, process %d", ErrPeer, peer.Uid, peer.Pid)
	}
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(patience))
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Wire{conn: conn, peer: peer}, nil
}

func credentials(conn *net.UnixConn) (*syscall.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var peer *syscall.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) {
		peer, inner = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, inner); err != nil {
		return nil, fmt.Errorf("ask who is at the other end: %w", err)
	}
	return peer, nil
}

// Peer is the process at the other end, as the kernel knows it.
func (w *Wire) Peer() int { return int(w.peer.Pid) }

// Last says a last message, also when the time for the conversation is over.
func (w *Wire) Last(message any) error {
	if err := w.conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	return w.Send(message)
}

// Kill ends the process at the other end, which must not be in charge by
// accident, and returns when it is gone.
func (w *Wire) Kill() error {
	if err := syscall.Kill(w.Peer(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end process %d: %w", w.Peer(), err)
	}
	if err := w.conn.SetDeadline(time.Now().Add(dyingTime)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, w.conn); err != nil && !errors.Is(end(err), io.EOF) {
		return fmt.Errorf("wait for the end of process %d: %w", w.Peer(), err)
	}
	return nil
}

// dyingTime bounds how long a killed process may hold on.
const dyingTime = 5 * time.Second

// Close ends the conversation.
func (w *Wire) Close() error { return w.conn.Close() }

// Send says message, and hands over the files it comes with. They stay open at
// this end, too.
func (w *Wire) Send(message any, files ...syscall.Conn) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(files)))
	if _, err := w.conn.Write(append(head, body...)); err != nil {
		return err
	}
	for len(files) > 0 {
		n := min(len(files), maxFiles)
		if err := w.sendFiles(files[:n]); err != nil {
			return fmt.Errorf("hand over files: %w", err)
		}
		files = files[n:]
	}
	return nil
}

// sendFiles sends one byte with files. The descriptors are only borrowed: to
// take one out of its owner would make the open file blocking, for both ends.
func (w *Wire) sendFiles(files []syscall.Conn) error {
	var fds []int
	var borrow func(rest []syscall.Conn) error
	borrow = func(rest []syscall.Conn) error {
		if len(rest) == 0 {
			_, _, err := w.conn.WriteMsgUnix([]byte{byte(len(fds))}, syscall.UnixRights(fds...), nil)
			return err
		}
		raw, err := rest[0].SyscallConn()
		if err != nil {
			return err
		}
		var inner error
		err = raw.Control(func(fd uintptr) {
			fds = append(fds, int(fd))
			inner = borrow(rest[1:])
		})
		return errors.Join(err, inner)
	}
	return borrow(files)
}

// Receive waits for the next message. The files that came with it belong to
// the caller. It returns io.EOF if the other end has closed or died.
func (w *Wire) Receive(message any) (files []*os.File, err error) {
	var head [8]byte
	if _, err := io.ReadFull(w.conn, head[:]); err != nil {
		return nil, end(err)
	}
	size, count := binary.BigEndian.Uint32(head[:4]), int(binary.BigEndian.Uint32(head[4:]))
	if size > maxMessage || count > 1<<16 {
		return nil, fmt.Errorf("a message of %d bytes with %d files is none of ours", size, count)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(w.conn, body); err != nil {
		return nil, end(err)
	}
	for len(files) < count {
		more, err := w.receiveFiles()
		files = append(files, more...)
		if err == nil && len(files) > count {
			err = fmt.Errorf("%d files came, %d were announced", len(files), count)
		}
		if err != nil {
			return nil, errors.Join(err, CloseAll(files))
		}
	}
	if err := json.Unmarshal(body, message); err != nil {
		return nil, errors.Join(fmt.Errorf("understand message: %w", err), CloseAll(files))
	}
	return files, nil
}

func (w *Wire) receiveFiles() (files []*os.File, err error) {
	var byteOf [1]byte
	space := make([]byte, syscall.CmsgSpace(4*maxFiles))
	n, got, flags, _, err := w.conn.ReadMsgUnix(byteOf[:], space)
	if err != nil {
		return nil, end(err)
	}
	messages, err := syscall.ParseSocketControlMessage(space[:got])
	if err != nil {
		return nil, fmt.Errorf("understand files: %w", err)
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return files, fmt.Errorf("understand files: %w", err)
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd) // ReadMsgUnix asked for it; older kernels forget
			files = append(files, os.NewFile(uintptr(fd), "handed over"))
		}
	}
	if n == 0 {
		return files, io.EOF
	}
	if flags&syscall.MSG_CTRUNC != 0 || len(files) != int(byteOf[0]) || len(files) == 0 {
		return files, fmt.Errorf("%d of %d files came: is the limit of open files reached (ulimit -n)?", len(files), byteOf[0])
	}
	return files, nil
}

// CloseAll closes files.
func CloseAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// end makes every way in which the other end can go away io.EOF.
func end(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return io.EOF
	}
	return err
}
