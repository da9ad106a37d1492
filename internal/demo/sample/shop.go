package sample

import (
	"net/http"
	"sync"
	"time"
)

// shop is one running instance.
type shop struct {
	version   string
	instance  string
	behaviour Behaviour
	log       *requestLog
	orders    *orderBook
	database  *database // nil: no addresses are kept
	wrap      func(http.Handler) http.Handler
	now       func() time.Time
	started   time.Time

	// draining is closed when the instance was told to end, broken when it
	// breaks down or its time to drain is over.
	draining chan struct{}
	broken   chan struct{}
	// sockets counts the WebSocket connections, of which http.Server no
	// longer knows.
	sockets sync.WaitGroup
}

func newShop(o Options, log *requestLog, now func() time.Time) *shop {
	return &shop{
		version:   o.Version,
		instance:  o.Instance,
		behaviour: *o.Behaviour,
		log:       log,
		orders:    &orderBook{},
		now:       now,
		started:   now(),
		draining:  make(chan struct{}),
		broken:    make(chan struct{}),
	}
}

// routes returns everything the shop answers.
func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /version", s.about)
	mux.HandleFunc("GET /{$}", s.flawed(s.page))
	mux.HandleFunc("GET /api/items", s.flawed(s.items))
	mux.HandleFunc("POST /api/orders", s.flawed(s.order))
	mux.HandleFunc("GET /api/orders", s.latestOrders)
	if s.database != nil {
		mux.HandleFunc("POST /api/addresses", s.flawed(s.addAddress))
		mux.HandleFunc("GET /api/addresses", s.flawed(s.latestAddresses))
		mux.HandleFunc("GET /api/addresses/{id}", s.flawed(s.address))
		mux.HandleFunc("PUT /api/addresses/{id}", s.flawed(s.changeAddress))
	}
	mux.HandleFunc("GET /slow", s.slow)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("GET /ws", s.socket)
	if s.wrap != nil {
		return s.signed(s.wrap(mux))
	}
	return s.signed(mux)
}

// over reports whether the channel is closed.
func over(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
