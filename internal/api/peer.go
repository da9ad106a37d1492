package api

import (
	"context"
	"net"
	"net/http"
	"os/user"
	"strconv"

	"cutover/internal/socket"
)

type peerKey struct{}

// withPeer remembers which user is at the other end of the socket, as the
// kernel says it.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	peer, err := socket.Peer(uc)
	if err != nil {
		return ctx
	}
	name := "uid " + strconv.Itoa(int(peer.Uid))
	if u, err := user.LookupId(strconv.Itoa(int(peer.Uid))); err == nil {
		name = u.Username
	}
	return context.WithValue(ctx, peerKey{}, name)
}

// who returns the user behind a request.
func who(r *http.Request) string {
	if name, ok := r.Context().Value(peerKey{}).(string); ok {
		return name
	}
	return "somebody"
}
