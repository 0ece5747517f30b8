package journal

import (
	"database/sql"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"teal/internal/release"
)

// SaveSpec keeps what is needed to run a release again, and its images. Saved
// again, it is replaced.
func (j *Journal) SaveSpec(spec release.Spec) error {
	// gob keeps models as the bytes they are; JSON's base64 would hide their
	// repetitions from gzip.
	packed, err := pack(func(w io.Writer) error { return gob.NewEncoder(w).Encode(spec) })
	if err != nil {
		return fmt.Errorf("pack the release: %w", err)
	}
	images, err := packImages(spec.Images)
	if err != nil {
		return fmt.Errorf("pack the release's images: %w", err)
	}
	return j.write("keep the release", func(tx *sql.Tx) error {
		result, err := tx.Exec("UPDATE releases SET images = ? WHERE app = ? AND number = ?", images, spec.App, spec.Number)
		if err := changed(result, err, fmt.Errorf("%s has no release %d", spec.App, spec.Number)); err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO specs (app, number, spec) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET spec = excluded.spec",
			spec.App, spec.Number, packed)
		return err
	})
}

// Spec is what was kept of a release. For one that was never kept, or no
// longer is, the error is a *release.Error with code Invalid.
func (j *Journal) Spec(app string, number int) (release.Spec, error) {
	var packed []byte
	err := j.read("read the release", func(tx *sql.Tx) error {
		err := tx.QueryRow("SELECT spec FROM specs WHERE app = ? AND number = ?", app, number).Scan(&packed)
		if errors.Is(err, sql.ErrNoRows) {
			return notKept(app, number)
		}
		return err
	})
	if err != nil {
		return release.Spec{}, err
	}
	var spec release.Spec
	if err := unpack(packed, func(r io.Reader) error { return gob.NewDecoder(r).Decode(&spec) }); err != nil {
		return release.Spec{}, fmt.Errorf("unpack release %d: %w", number, err)
	}
	return spec, nil
}

func notKept(app string, number int) error {
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("release %d of %s is not kept, so it can't be run", number, app),
		Next: "teal history, which shows those that are",
	}
}

// Prune drops the specs and the images of all releases of the app but those
// kept. Their rows stay: history is for people, and a number is never reused.
func (j *Journal) Prune(app string, keep []int) error {
	kept, err := json.Marshal(append([]int{}, keep...))
	if err != nil {
		return err
	}
	return j.write("drop old releases", func(tx *sql.Tx) error {
		const others = " WHERE app = ? AND number NOT IN (SELECT value FROM json_each(?))"
		if _, err := tx.Exec("DELETE FROM specs"+others, app, string(kept)); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE releases SET images = ''"+others+" AND images <> ''", app, string(kept))
		return err
	})
}
