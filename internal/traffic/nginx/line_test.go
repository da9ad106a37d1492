package nginx

import (
	"testing"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

func TestALineSaysWhatBecameOfARequest(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]record{
		"cutover_my_shop_blue|200|0.250|OK|0.249|4217":    {side: release.Blue, client: 4217, end: ledger.End{Status: 200, Took: 250 * time.Millisecond}},
		"cutover_my_shop_green|500|0.001|OK|0.001|0001":   {side: release.Green, client: 1, end: ledger.End{Status: 500, Took: time.Millisecond}},
		"cutover_my_shop_blue|502|0.000|OK|-|0001":        {side: release.Blue, client: 1, end: ledger.End{Status: 502, Outcome: ledger.Lost}},
		"cutover_my_shop_blue|504|1.000|OK|0.001, -|0001": {side: release.Blue, client: 1, end: ledger.End{Status: 504, Took: time.Second, Outcome: ledger.Lost}},
		"cutover_my_shop_blue|200|0.000|OK|-, 0.001|0001": {side: release.Blue, client: 1, end: ledger.End{Status: 200}},
		"cutover_my_shop_blue|499|0.000||-|0001":          {side: release.Blue, client: 1, end: ledger.End{Status: 499, Outcome: ledger.ClientGone}},
		"cutover_my_shop_blue|200|0.000||0.001|0001":      {side: release.Blue, client: 1, end: ledger.End{Status: 200, Outcome: ledger.ClientGone}, cut: true},
		"cutover_my_shop_blue|101|60.000||0.001|0001":     {side: release.Blue, client: 1, end: ledger.End{Status: 101, Took: time.Minute}},
	} {
		if got, ok := parseLine("my-shop", line); !ok || got != want {
			t.Errorf("%s is %+v, %v", line, got, ok)
		}
	}
	for _, line := range []string{
		"", "|||||", "cutover_my_shop_none|502|0.000|OK|-|0001", "cutover_other_blue|200|0.000|OK|0.001|0001", "-|400|0.000|OK|-|0001",
		"cutover_my_shop_blue|200|-1|OK|0.001|0001", "cutover_my_shop_blue|x|0.000|OK|0.001|0001", "cutover_my_shop_blue|200|0.000|OK|0.001|0001|more",
	} {
		if got, ok := parseLine("my-shop", line); ok {
			t.Errorf("%q is taken for %+v", line, got)
		}
	}
}
