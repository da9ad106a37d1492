package rehearsal

import (
	"strings"
	"testing"

	"cutover/internal/backup"
)

func TestAnAddressKeepsItsFormOnTheWayToTheClone(t *testing.T) {
	t.Parallel()
	production := backup.Source{URL: "postgres://app:pw@db:5432/shop?sslmode=require"}
	near, far := backup.Source{URL: "postgres://root@db:5432/copy", Password: "rootpw"}, backup.Source{URL: "postgres://root@spare:6000/copy", Password: "rootpw"}
	for _, c := range []struct {
		clone       backup.Source
		value, want string
	}{
		{near, "postgresql+asyncpg://app:pw@db/shop?ssl=1", "postgresql+asyncpg://app:pw@db/copy?ssl=1"},
		{near, "host=db dbname = 'shop' user=app", "host=db dbname=copy user=app"},
		{near, "shop", "copy"},
		{far, "postgresql+asyncpg://app:pw@db/shop?ssl=1", "postgresql+asyncpg://root:rootpw@spare:6000/copy?ssl=1"},
		{far, "jdbc:postgresql://db/shop?user=app&password=pw", "jdbc:postgresql://root:rootpw@spare:6000/copy"},
		{far, "host=db dbname=shop", ""},
		{near, "mysql://db/shop", ""},
	} {
		r, err := newWay(production, c.clone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.redirect(c.value)
		if c.want == "" && err == nil || c.want != "" && (err != nil || got != c.want) {
			t.Errorf("%s becomes %q, %v; want %q", c.value, got, err, c.want)
		}
	}
	r, err := newWay(production, far)
	if err != nil {
		t.Fatal(err)
	}
	if env := strings.Join(r.libpq(), " "); env != "PGDATABASE=copy PGHOST=spare PGPORT=6000 PGUSER=root PGPASSWORD=rootpw" {
		t.Errorf("libpq is told %s", env)
	}
	for value, home := range map[string]bool{"postgres://db/shop": true, "postgres://db/other": false, "dbname=shop": true, "shop": false, "https://shop/shop": false} {
		if r.leadsHome(value) != home {
			t.Errorf("%s leads home: %t", value, !home)
		}
	}
}
