package prometheus

import (
	"testing"

	"cutover/internal/metrics/fetch"
)

// FuzzAnAnswerIsReadOrRefused: a server may answer anything.
func FuzzAnAnswerIsReadOrRefused(f *testing.F) {
	f.Add(`{"status":"success","data":{"resultType":"scalar","result":[1700000000.5,"1.5"]}}`, 200)
	f.Add(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"NaN"]},{"metric":{}}]}}`, 200)
	f.Add(`{"status":"error","error":"bad\nmore"}`, 400)
	f.Add(`{"status":"success","data":{"resultType":"vector","result":[{"value":[1e300,"1e999"]}]}}`, 200)
	f.Fuzz(func(t *testing.T, body string, status int) {
		first, err := parse(fetch.Answer{Status: status, Body: body})
		again, errAgain := parse(fetch.Answer{Status: status, Body: body})
		if len(first) != len(again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("%d samples, %v, then %d, %v", len(first), err, len(again), errAgain)
		}
	})
}
