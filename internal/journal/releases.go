package journal

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"teal/internal/release"
)

// recent is how many of the newest releases Memory has at least. History has
// them all; a plan looks only at these and at those that can be run again.
const recent = 100

// memorable are those releases of app ?1: from number ?2 on, or runnable. Each
// part goes by its own index; joined by OR, SQLite would walk the history.
const memorable = `app = ?1 AND number IN (
	SELECT number FROM releases WHERE app = ?1 AND number >= ?2 UNION
	SELECT number FROM releases INDEXED BY releases_runnable WHERE app = ?1 AND images <> '') ORDER BY number DESC`

const selectReleases = `SELECT app, number, color, state, images, created, by, reason,
	EXISTS (SELECT 1 FROM specs WHERE specs.app = releases.app AND specs.number = releases.number) FROM releases WHERE `

// replaceLive turns the live release of app ?1, unless it is ?2, into replaced,
// or into withdrawn where ?2 is an older one.
const replaceLive = `UPDATE releases INDEXED BY releases_live SET state = iif(number > ?2, 'withdrawn', 'replaced')
	WHERE app = ?1 AND state = 'live' AND number <> ?2`

// Memory is what is known of an app: the newest releases and all that can be
// run again. Of an app that isn't known it is empty, and the next release is
// the first.
func (j *Journal) Memory(app string) (release.Memory, error) {
	m := release.Memory{Next: 1}
	err := j.read("read the journal", func(tx *sql.Tx) (err error) {
		if m.Network, m.Next, err = readNetwork(tx, app); err != nil {
			return err
		}
		if m.Releases, err = queryReleases(tx, memorable, app, m.Next-recent); err != nil {
			return err
		}
		m.Unended, m.Older, err = unended(tx, app)
		return err
	})
	return m, err
}

// History are the newest releases of an app, the newest first; all with a
// limit of 0.
func (j *Journal) History(app string, limit int) ([]release.Release, error) {
	var releases []release.Release
	err := j.read("read the history", func(tx *sql.Tx) (err error) {
		releases, err = queryReleases(tx, "app = ? ORDER BY number DESC LIMIT ?", app, unlimited(limit))
		return err
	})
	return releases, err
}

// Apps are the names of all apps the journal knows, sorted.
func (j *Journal) Apps() ([]string, error) {
	var apps []string
	err := j.read("read the apps", func(tx *sql.Tx) error {
		return each(tx, func(scan row) error {
			var app string
			err := scan(&app)
			apps = append(apps, app)
			return err
		}, "SELECT name FROM apps ORDER BY name")
	})
	return apps, err
}

// SetState moves a release in its life. Making one live turns the one that was
// live into replaced, or into withdrawn where the new one is older, at the same
// instant. A color of None leaves the release's color as it is.
func (j *Journal) SetState(app string, number int, state release.State, color release.Color, reason string) error {
	return j.write("write the release's state", func(tx *sql.Tx) error {
		if state == release.StateLive {
			if _, err := tx.Exec(replaceLive, app, number); err != nil {
				return err
			}
		}
		result, err := tx.Exec("UPDATE releases SET state = ?, color = iif(? = '', color, ?), reason = ? WHERE app = ? AND number = ?",
			state, color, color, reason, app, number)
		return changed(result, err, fmt.Errorf("%s has no release %d", app, number))
	})
}

// Restore puts a release into a journal that has lost it, in the state given.
// Its number must be above all that the journal knows.
func (j *Journal) Restore(r release.Release) error {
	return j.write("restore the release", func(tx *sql.Tx) error {
		if err := know(tx, r.App); err != nil {
			return err
		}
		if err := addRelease(tx, r.App, &r); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE releases SET state = ? WHERE app = ? AND number = ?", r.State, r.App, r.Number)
		return err
	})
}

// addRelease takes the release's number, for good.
func addRelease(tx *sql.Tx, app string, rel *release.Release) error {
	if rel == nil {
		return nil
	}
	result, err := tx.Exec("UPDATE apps SET next = ? WHERE name = ? AND next <= ?", rel.Number+1, app, rel.Number)
	if err := changed(result, err, fmt.Errorf("the number %d of %s is taken", rel.Number, app)); err != nil {
		return err
	}
	created := rel.Created
	if created.IsZero() {
		created = time.Now()
	}
	images, err := packImages(rel.Images)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO releases (app, number, color, state, images, created, by) VALUES (?, ?, ?, ?, ?, ?, ?)",
		app, rel.Number, rel.Color, release.StateStarting, images, created.UnixNano(), rel.By)
	return err
}

func queryReleases(tx *sql.Tx, which string, args ...any) ([]release.Release, error) {
	var releases []release.Release
	err := each(tx, func(scan row) error {
		var r release.Release
		var images string
		var created int64
		if err := scan(&r.App, &r.Number, &r.Color, &r.State, &images, &created, &r.By, &r.Reason, &r.Kept); err != nil {
			return err
		}
		r.Created = time.Unix(0, created)
		releases = append(releases, r)
		return unpackImages(images, &releases[len(releases)-1].Images)
	}, selectReleases+which, args...)
	return releases, err
}

// packImages writes no images as the empty text, which the index of runnable
// releases leaves out.
func packImages(images map[string]string) (string, error) {
	if len(images) == 0 {
		return "", nil
	}
	text, err := json.Marshal(images)
	return string(text), err
}

func unpackImages(text string, images *map[string]string) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), images); err != nil {
		return fmt.Errorf("unpack the images: %w", err)
	}
	return nil
}
