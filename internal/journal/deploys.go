package journal

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"teal/internal/release"
)

// Begin opens a deploy of d.App and keeps its plan, the steps counting from 1.
// rel, if it isn't nil, becomes a release in StateStarting; its number is
// taken from then on, whatever becomes of the deploy.
func (j *Journal) Begin(d release.Deploy, rel *release.Release, steps []release.Step) (int64, error) {
	var id int64
	err := j.write("begin the deploy", func(tx *sql.Tx) error {
		if err := know(tx, d.App); err != nil {
			return err
		}
		if err := addRelease(tx, d.App, rel); err != nil {
			return err
		}
		result, err := tx.Exec("INSERT INTO deploys (app, kind, release, by, pid, started) VALUES (?, ?, ?, ?, ?, ?)",
			d.App, d.Kind, d.Release, d.By, d.PID, d.Started.UnixNano())
		if err != nil {
			return err
		}
		if id, err = result.LastInsertId(); err != nil {
			return err
		}
		return addSteps(tx, id, steps)
	})
	return id, err
}

// know makes a row for an app that has none.
func know(tx *sql.Tx, app string) error {
	if app == "" {
		return errors.New("no app is named")
	}
	_, err := tx.Exec("INSERT INTO apps (name) VALUES (?) ON CONFLICT DO NOTHING", app)
	return err
}

// End closes a deploy with its outcome and, where there is one, its receipt.
// A deploy ends once.
func (j *Journal) End(deploy int64, outcome release.Outcome, receipt *release.Receipt) error {
	packed, err := packReceipt(receipt)
	if err != nil {
		return fmt.Errorf("pack the receipt: %w", err)
	}
	return j.write("end the deploy", func(tx *sql.Tx) error {
		result, err := tx.Exec("UPDATE deploys SET ended = ?, outcome = ?, receipt = ? WHERE id = ? AND ended IS NULL",
			time.Now().UnixNano(), outcome, packed, deploy)
		return changed(result, err, fmt.Errorf("deploy %d does not run", deploy))
	})
}

// Deploys are the newest deploys of an app, the newest first; all with a limit
// of 0.
func (j *Journal) Deploys(app string, limit int) ([]release.Deploy, error) {
	var deploys []release.Deploy
	err := j.read("read the deploys", func(tx *sql.Tx) (err error) {
		deploys, err = queryDeploys(tx, "true ORDER BY d.id DESC LIMIT ?2", app, unlimited(limit))
		return err
	})
	return deploys, err
}

// Receipt is what a deploy ended with; nil while it runs, and for one that
// ended without, as one that was killed does.
func (j *Journal) Receipt(deploy int64) (*release.Receipt, error) {
	var packed []byte
	err := j.read("read the receipt", func(tx *sql.Tx) error {
		err := tx.QueryRow("SELECT receipt FROM deploys WHERE id = ?", deploy).Scan(&packed)
		if errors.Is(err, sql.ErrNoRows) {
			return &release.Error{Code: release.Invalid, What: fmt.Sprintf("there is no deploy %d", deploy), Next: "teal history"}
		}
		return err
	})
	if err != nil || packed == nil {
		return nil, err
	}
	return unpackReceipt(packed)
}

// unended are the deploys of the app that were begun and never ended: the
// newest, nil if all have, and the others. While a failed deploy is undone
// there are two: the undo is the newer one.
func unended(tx *sql.Tx, app string) (newest *release.Deploy, older []release.Deploy, err error) {
	all, err := queryDeploys(tx, "d.ended IS NULL ORDER BY d.id DESC", app)
	if err != nil || len(all) == 0 {
		return nil, nil, err
	}
	return &all[0], all[1:], undoes(tx, &all[0])
}

// UnendedBy is the newest of those that a process began, nil if there is none.
func (j *Journal) UnendedBy(app string, pid int) (*release.Deploy, error) {
	var d *release.Deploy
	err := j.read("read the running deploy", func(tx *sql.Tx) (err error) {
		if d, err = first(queryDeploys(tx, "d.ended IS NULL AND d.pid = ?2 ORDER BY d.id DESC LIMIT 1", app, pid)); err != nil {
			return err
		}
		return undoes(tx, d)
	})
	return d, err
}

// undoes completes an undo by what it takes back: always the newest deploy or
// rollback before it.
func undoes(tx *sql.Tx, d *release.Deploy) (err error) {
	if d == nil || d.Kind != release.KindUndo {
		return nil
	}
	d.Undoes, err = first(queryDeploys(tx, "d.id < ?2 AND d.kind <> ?3 ORDER BY d.id DESC LIMIT 1", d.App, d.ID, release.KindUndo))
	return err
}

func first(deploys []release.Deploy, err error) (*release.Deploy, error) {
	if err != nil || len(deploys) == 0 {
		return nil, err
	}
	return &deploys[0], nil
}

// selectDeploys reads deploys with the step each was last known at: the last
// one that was intended.
const selectDeploys = `SELECT d.id, d.app, d.kind, d.release, d.by, d.pid, d.started, d.ended, d.outcome, s.n, s.step, s.ended,
		(SELECT count(*) FROM steps WHERE deploy = d.id)
	FROM deploys d LEFT JOIN steps s ON s.deploy = d.id
		AND s.n = (SELECT max(n) FROM steps WHERE deploy = d.id AND began IS NOT NULL)
	WHERE d.app = ?1 AND `

func queryDeploys(tx *sql.Tx, which string, args ...any) ([]release.Deploy, error) {
	var deploys []release.Deploy
	err := each(tx, func(scan row) error {
		d, err := scanDeploy(scan)
		deploys = append(deploys, d)
		return err
	}, selectDeploys+which, args...)
	return deploys, err
}

func scanDeploy(scan row) (release.Deploy, error) {
	var d release.Deploy
	var started int64
	var ended, n, done sql.NullInt64
	var step sql.NullString
	var of int
	err := scan(&d.ID, &d.App, &d.Kind, &d.Release, &d.By, &d.PID, &started, &ended, &d.Outcome, &n, &step, &done, &of)
	if err != nil {
		return d, err
	}
	d.Started, d.Ended = moment(sql.NullInt64{Int64: started, Valid: true}), moment(ended)
	if !n.Valid {
		return d, nil
	}
	s, err := unpackStep(step.String)
	d.Step = fmt.Sprintf("step %d of %d: %s %s", n.Int64, of, s.Kind, s.Subject)
	if !done.Valid {
		d.At = s
	}
	return d, err
}

// moment is a time as the database has it; NULL is the zero Time.
func moment(nanos sql.NullInt64) time.Time {
	if !nanos.Valid {
		return time.Time{}
	}
	return time.Unix(0, nanos.Int64)
}

// unlimited makes of 0 what SQLite takes for no limit.
func unlimited(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}

// packReceipt makes a receipt a third of its JSON: ten thousand of them are
// kept.
func packReceipt(r *release.Receipt) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	return pack(func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

func unpackReceipt(packed []byte) (*release.Receipt, error) {
	var r release.Receipt
	if err := unpack(packed, func(from io.Reader) error { return json.NewDecoder(from).Decode(&r) }); err != nil {
		return nil, fmt.Errorf("unpack the receipt: %w", err)
	}
	return &r, nil
}

// pack gzips what encode writes.
func pack(encode func(io.Writer) error) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if err := errors.Join(encode(w), w.Close()); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func unpack(packed []byte, decode func(io.Reader) error) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	return errors.Join(decode(r), r.Close())
}
