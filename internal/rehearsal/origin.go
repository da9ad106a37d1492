package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/backup"
	"cutover/internal/backup/scratch"
)

// Prefix begins the names of clones.
const Prefix = "cutover_rehearse_"

// Way is how a clone is made.
type Way string

// The ways.
const (
	// Fitting is FromBackup if there is one, else Template if nobody is
	// connected to the database, else Dump.
	Fitting Way = ""
	// Template copies the files, on the same server. It is refused while
	// anybody is connected, and nobody can connect while it lasts.
	Template Way = "template"
	// Dump copies through pg_dump and pg_restore while users go on.
	Dump Way = "dump"
	// FromBackup unpacks a backup.
	FromBackup Way = "backup"
)

// ErrInUse says that a database cannot be a template because somebody is
// connected to it.
var ErrInUse = errors.New("somebody is connected to the database")

// Origin says what is cloned, and where to.
type Origin struct {
	// Production is the database in use. It may be missing with a Backup: then
	// nothing is known of its sizes and sessions.
	Production backup.Source
	// Server is any database of the server the clone is made on; the zero
	// value is Production's server.
	Server backup.Source
	Way    Way
	// Backup is for FromBackup; Folder is where it lies. Folder's Programs and
	// Timeout are used for Dump too.
	Backup *backup.Backup
	Folder backup.Folder
}

// clone is a database made for a rehearsal.
type clone struct {
	Clone
	source backup.Source
	db     *scratch.Database
	// maintain signs in at a database of the clone's server that stays.
	maintain scratch.Connect
}

func (o Origin) server() backup.Source {
	if o.Server.URL == "" {
		return o.Production
	}
	return o.Server
}

// near reports whether the clone is made on the server of the database in use.
func (o Origin) near() bool {
	if o.Production.URL == "" {
		return false
	}
	r, err := newWay(o.Production, o.server())
	return err == nil && r.near
}

func (o Origin) maintain() (scratch.Connect, error) {
	if o.Production.URL == "" && o.Server.URL == "" {
		return nil, errors.New("nobody says on which server: give the database, or the server for the clone")
	}
	other, err := o.server().Database("postgres")
	if err != nil {
		return nil, err
	}
	return other.Connect, nil
}

// make makes the clone. Whoever gets one must drop it.
func (o Origin) make(ctx context.Context) (_ *clone, err error) {
	began := time.Now()
	c := &clone{}
	if c.maintain, err = o.maintain(); err != nil {
		return nil, err
	}
	if c.db, err = scratch.Claim(ctx, c.maintain, Prefix); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.db.Drop())
		}
	}()
	if c.source, err = o.server().Database(c.db.Name); err != nil {
		return nil, err
	}
	if err = o.fill(ctx, c); err != nil {
		return nil, err
	}
	if err = c.describe(ctx); err != nil {
		return nil, err
	}
	c.Took = time.Since(began).Milliseconds()
	return c, nil
}

// fill makes the database and everything in it, in the way that fits.
func (o Origin) fill(ctx context.Context, c *clone) error {
	c.Way = o.Way
	if c.Way == Fitting {
		c.Way = o.fitting(ctx)
	}
	var err error
	if c.Owners, err = c.owns(ctx, o.near()); err != nil {
		return err
	}
	switch c.Way {
	case Template:
		err = o.copyTemplate(ctx, c)
		if errors.Is(err, ErrInUse) && o.Way == Fitting {
			// Somebody came in between.
			c.Way = Dump
			err = o.dump(ctx, c)
		}
	case Dump:
		err = o.dump(ctx, c)
	case FromBackup:
		err = o.unpack(ctx, c)
	default:
		err = fmt.Errorf("there is no way %q of cloning: say template, dump or backup", c.Way)
	}
	if err != nil {
		return fmt.Errorf("clone the database by %s: %w", c.Way, err)
	}
	if o.near() {
		return o.settings(ctx, c)
	}
	return nil
}

func (o Origin) fitting(ctx context.Context) Way {
	if o.Backup != nil {
		return FromBackup
	}
	if o.near() && o.vacant(ctx) == nil {
		return Template
	}
	return Dump
}

// vacant returns nil if nobody is connected to the database in use. It looks
// from outside, as it would count itself.
func (o Origin) vacant(ctx context.Context) error {
	connect, err := o.maintain()
	if err != nil {
		return err
	}
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	name, err := o.Production.Name()
	if err != nil {
		return err
	}
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type <> 'autovacuum worker'", name).Scan(&n); err != nil {
		return fmt.Errorf("look who is connected: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("%w: %d sessions: clone it by dump instead", ErrInUse, n)
	}
	return nil
}

func (o Origin) copyTemplate(ctx context.Context, c *clone) error {
	if !o.near() {
		return errors.New("a template must be on the same server: clone it by dump instead")
	}
	// The server would look too, but for five seconds, in which nobody else
	// can connect.
	if err := o.vacant(ctx); err != nil {
		return err
	}
	name, err := o.Production.Name()
	if err != nil {
		return err
	}
	c.Owners = true
	err = o.create(ctx, c, "TEMPLATE "+pgx.Identifier{name}.Sanitize(), "rehearses a change of "+name)
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "55006" {
		return fmt.Errorf("%w: clone it by dump instead: %w", ErrInUse, err)
	}
	return err
}

// create makes the clone's database and lets in who may sign in at the
// original, and nobody else.
func (o Origin) create(ctx context.Context, c *clone, options, purpose string) error {
	if err := c.db.Make(ctx, options, purpose); err != nil {
		return err
	}
	return o.rights(ctx, c)
}

func (o Origin) dump(ctx context.Context, c *clone) error {
	name, err := o.Production.Name()
	if err != nil {
		return err
	}
	locale, err := localeOf(ctx, o.Production)
	if err != nil {
		return err
	}
	if err := locale.Make(func(options string) error { return o.create(ctx, c, options, "rehearses a change of "+name) }); err != nil {
		return err
	}
	if err := o.Folder.Copy(ctx, o.Production, c.source, c.Owners); err != nil {
		return err
	}
	return c.analyse(ctx)
}

func (o Origin) unpack(ctx context.Context, c *clone) error {
	if o.Backup == nil {
		return errors.New("nobody says which backup")
	}
	err := o.Backup.Locale.Make(func(options string) error {
		return o.create(ctx, c, options, "rehearses a change of "+o.Backup.Database)
	})
	if err != nil {
		return err
	}
	if err := o.Folder.Unpack(ctx, *o.Backup, c.source, c.Owners); err != nil {
		return err
	}
	return c.analyse(ctx)
}

// owns reports whether objects can be given to the owners they have: on the
// same server, by someone who may hand them over.
func (c *clone) owns(ctx context.Context, near bool) (super bool, err error) {
	conn, err := c.maintain(ctx)
	if err != nil {
		return false, err
	}
	defer closeConn(conn)
	if err := conn.QueryRow(ctx, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super); err != nil {
		return false, fmt.Errorf("look what this role may do: %w", err)
	}
	return super && near, nil
}

// analyse gives a restored database the statistics a planner needs.
func (c *clone) analyse(ctx context.Context) error {
	conn, err := c.source.Connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyse the clone: %w", err)
	}
	return nil
}

func (c *clone) describe(ctx context.Context) error {
	conn, err := c.maintain(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	c.Server = conn.PgConn().ParameterStatus("server_version")
	if err := conn.QueryRow(ctx, "SELECT pg_database_size($1)", c.db.Name).Scan(&c.Bytes); err != nil {
		return fmt.Errorf("measure the clone: %w", err)
	}
	return nil
}

func localeOf(ctx context.Context, s backup.Source) (l backup.Locale, err error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return l, err
	}
	defer closeConn(conn)
	const query = "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()"
	if err := conn.QueryRow(ctx, query).Scan(&l.Encoding, &l.Collate, &l.Ctype); err != nil {
		return l, fmt.Errorf("ask for the locale: %w", err)
	}
	return l, nil
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The other end may be gone already; nothing is lost by that.
	_ = conn.Close(ctx)
}
