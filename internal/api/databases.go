package api

import (
	"context"
	"net/http"
	"time"

	"cutover/internal/engine"
	"cutover/internal/rehearsal"
	"cutover/internal/release"
)

// Databases looks after what releases do to databases. Its methods may take
// as long as the database is large.
type Databases interface {
	// Verify reads every row that a release under way gives two shapes, and
	// returns what it found. It changes nothing.
	Verify(ctx context.Context, s release.State) (Verified, error)
	// Backups lists the backups of an app, the newest first.
	Backups(app string) ([]Backup, error)
	// VerifyBackup restores a backup beside the app's database and compares
	// both. The database to do it on is that of plan.
	VerifyBackup(ctx context.Context, plan release.Plan, name string) (Backup, error)
	// Rehearse tries the schema change of a plan on a clone, made from the
	// backup of that name if there is one, and keeps the report.
	Rehearse(ctx context.Context, plan release.Plan, ask Rehearse) (rehearsal.Report, error)
}

// Verified is the result of reading every row that has two shapes.
type Verified struct {
	// Tables are those that were read.
	Tables []string `json:"tables"`
	// Agrees says that no row differs; Differs says where some do.
	Agrees  bool          `json:"agrees"`
	Differs string        `json:"differs,omitempty"`
	Took    time.Duration `json:"took"`
}

// Backup is a backup as people and programs see it.
type Backup struct {
	Name   string    `json:"name"`
	Began  time.Time `json:"began"`
	SHA256 string    `json:"sha256"`
	Bytes  int64     `json:"bytes"`
	Rows   int64     `json:"rows"`
	// For is the release it was taken for, if any.
	For string `json:"for,omitempty"`
	// Needed says that a release may still have to be taken back to it.
	Needed bool `json:"needed"`
	// Verified is when it was last proven to restore; zero is never.
	Verified time.Time `json:"verified,omitzero"`
}

// Rehearse names a change to try, and what on.
type Rehearse struct {
	Files
	// Backup is the name of the backup that is cloned; empty clones the
	// database as it is.
	Backup string `json:"backup,omitempty"`
	// Statements is a file with what the code that serves asks the database: a
	// log of the server (.csv, .json, .log) or a file of SQL. Empty is what
	// pg_stat_statements has, if it is installed.
	Statements string `json:"statements,omitempty"`
}

func (s *Server) rehearse(w http.ResponseWriter, r *http.Request) {
	var ask Rehearse
	if !read(w, r, &ask) {
		return
	}
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return
	}
	p, err := s.Planner.Draft(r.Context(), ask.Files)
	if err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: err.Error()})
		return
	}
	report, err := s.Databases.Rehearse(r.Context(), p, ask)
	s.answerOr(w, report, err)
}

func (s *Server) verifySchema(w http.ResponseWriter, r *http.Request) {
	v, ok := s.Reader.View(r.PathValue("name"))
	if !ok {
		s.unknown(w, r.PathValue("name"))
		return
	}
	found, err := s.Databases.Verify(r.Context(), v.State)
	s.answerOr(w, found, err)
}

func (s *Server) backups(w http.ResponseWriter, r *http.Request) {
	list, err := s.Databases.Backups(r.PathValue("app"))
	s.answerOr(w, list, err)
}

func (s *Server) verifyBackup(w http.ResponseWriter, r *http.Request) {
	for _, standing := range s.Reader.Standings() {
		if standing.App == r.PathValue("app") {
			b, err := s.Databases.VerifyBackup(r.Context(), s.planOf(standing), r.PathValue("name"))
			s.answerOr(w, b, err)
			return
		}
	}
	write(w, http.StatusNotFound, Failure{Kind: "unknown", Error: "there is no app " + r.PathValue("app") + "; `cutover status` lists them"})
}

// planOf returns the newest plan of an app: it knows where the data is now.
func (s *Server) planOf(standing release.Standing) release.Plan {
	if v, ok := s.Reader.View(standing.Active); ok && standing.Active != "" {
		return v.State.Plan
	}
	return standing.Plan
}

func (s *Server) answerOr(w http.ResponseWriter, body any, err error) {
	if err != nil {
		s.fail(w, err)
		return
	}
	answer(w, body)
}
