package ledger

import (
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
)

// handed lets a book go on where another one stopped, over the wire.
func handed(t *testing.T, from *Book) *Book {
	t.Helper()
	body, err := json.Marshal(from.HandOver())
	if err != nil {
		t.Fatal(err)
	}
	var estate Estate
	if err := json.Unmarshal(body, &estate); err != nil {
		t.Fatal(err)
	}
	to := &Book{}
	to.Inherit(estate)
	return to
}

func TestUsersAreCountedAsIfNoTakeoverHadHappened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var whole, first Book
		second := &first
		for i, blocks := 0, 3; i < blocks; i++ {
			for n := range 40 {
				<-time.After(time.Second)
				end := good
				if n%3 == 0 {
					end = wrong
				}
				client := uint64(n % 7)
				use(whole.Of("shop", release.Blue), client, end)
				// After the takeover the former process has some requests left.
				if i > 0 && n%2 == 0 {
					use(first.Of("shop", release.Blue), client, end)
					events := first.Events(0)
					second.Count(events)
					first.Forget(events[len(events)-1].Seq)
				} else {
					use(second.Of("shop", release.Blue), client, end)
				}
			}
			if i == 0 {
				second = handed(t, &first)
			}
		}
		want, got := whole.Of("shop", release.Blue).Read().Users, second.Of("shop", release.Blue).Read().Users
		if !reflect.DeepEqual(want, got) {
			t.Errorf("one process counts %+v, two count %+v", want, got)
		}
	})
}

func TestATakeoverThatFailedLosesNoUser(t *testing.T) {
	t.Parallel()
	var whole, book Book
	for n := range 30 {
		if n == 10 {
			book.HandOver()
		}
		if n == 20 {
			book.TakeBack()
		}
		use(whole.Of("shop", release.Green), uint64(n), wrong)
		use(book.Of("shop", release.Green), uint64(n), wrong)
	}
	want, got := whole.Of("shop", release.Green).Read().Users, book.Of("shop", release.Green).Read().Users
	if want.Requests != got.Requests || want.BadClients != got.BadClients || got.Requests != 30 {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

func TestReadingsOfTwoProcessesAddUp(t *testing.T) {
	t.Parallel()
	var a, b, both Side
	for n := range 100 {
		end := End{Outcome: Answered, Status: 200, Took: time.Duration(n) * time.Millisecond}
		use(&both, 1, end)
		use([]*Side{&a, &b}[n%2], 1, end)
	}
	open, _ := a.Open(Visitor{}, always)
	open.At("1")
	sum := a.Read().Plus(b.Read())
	want := both.Read().Latency["2xx"]
	got := sum.Latency["2xx"]
	if got.Count != want.Count || got.Max != want.Max || !reflect.DeepEqual(got.Buckets, want.Buckets) || got.P99 < want.P99*9/10 || got.P99 > want.P99*11/10 {
		t.Errorf("want %+v, got %+v", want, got)
	}
	if !adds(sum) || sum.Requests != 1 || len(sum.Load) != 1 {
		t.Errorf("sum %+v", sum)
	}
	if gone := sum.Gone(); !adds(gone) || gone.Counters.Lost != 1 || gone.Load != nil {
		t.Errorf("when its process is gone: %+v", gone)
	}
	if since := sum.Since(sum.Counters); !adds(since) || since.Counters.Accepted != 1 {
		t.Errorf("since then: %+v", since)
	}
}
