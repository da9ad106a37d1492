package testkit_test

import (
	"net"
	"testing"

	"cutover/internal/testkit"
)

func TestAFreeAddressCanBeListenedOnAndIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 20 {
		addr := testkit.FreeAddr(t)
		if seen[addr] {
			t.Fatalf("%s was handed out twice", addr)
		}
		seen[addr] = true
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatalf("the address is not free: %v", err)
		}
		l.Close()
	}
}
