package sample

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// Order is what a customer asked for; its ID is the id of the request that
// brought it.
type Order struct {
	ID       string `json:"id"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
}

const (
	longestOrder  = 16 << 10
	ordersKept    = 20
	mostOfOneItem = 100
)

// order takes an order and answers it with its id.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	var o Order
	body := http.MaxBytesReader(w, r.Body, longestOrder)
	if err := json.NewDecoder(body).Decode(&o); err != nil {
		http.Error(w, `send {"item":"tea","quantity":1}: `+err.Error(), http.StatusBadRequest)
		return
	}
	if !inStock(o.Item) || o.Quantity < 1 || o.Quantity > mostOfOneItem {
		http.Error(w, "order 1 to 100 of an item listed at /api/items", http.StatusUnprocessableEntity)
		return
	}
	if o.ID = requestID(r); o.ID == "" {
		o.ID = rand.Text()
	}
	s.orders.add(o)
	writeJSON(w, http.StatusCreated, o)
}

func (s *shop) latestOrders(w http.ResponseWriter, _ *http.Request) {
	taken, latest := s.orders.read()
	writeJSON(w, http.StatusOK, map[string]any{"taken": taken, "latest": latest})
}

// orderBook counts the orders an instance took and keeps the last few.
type orderBook struct {
	mu     sync.Mutex
	taken  int
	latest []Order // oldest first
}

func (b *orderBook) add(o Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken++
	if len(b.latest) == ordersKept {
		b.latest = slices.Delete(b.latest, 0, 1)
	}
	b.latest = append(b.latest, o)
}

func (b *orderBook) read() (taken int, latest []Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken, append([]Order{}, b.latest...)
}

func (b *orderBook) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}
