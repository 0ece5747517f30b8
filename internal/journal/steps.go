package journal

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"teal/internal/release"
)

// Step is a step of a deploy as the journal has it.
type Step struct {
	N       int // its place in the plan, from 1
	Step    release.Step
	Began   time.Time // when it was intended; zero for one that wasn't reached
	Ended   time.Time // when it was done or had failed; zero if neither is known
	Failure string    // why it failed; "" if it didn't
}

func addSteps(tx *sql.Tx, deploy int64, steps []release.Step) error {
	insert, err := tx.Prepare("INSERT INTO steps (deploy, n, step) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for i, s := range steps {
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if _, err := insert.Exec(deploy, i+1, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// Intent says that step n of a running deploy is about to have its effect.
// Said again, it begins the step anew.
func (j *Journal) Intent(deploy int64, n int, step release.Step) error {
	text, err := json.Marshal(step)
	if err != nil {
		return fmt.Errorf("pack the step: %w", err)
	}
	return j.write("write the intent", func(tx *sql.Tx) error {
		result, err := tx.Exec(`INSERT INTO steps (deploy, n, step, began)
			SELECT id, ?, ?, ? FROM deploys WHERE id = ? AND ended IS NULL
			ON CONFLICT DO UPDATE SET step = excluded.step, began = excluded.began, ended = NULL, failure = ''`,
			n, string(text), time.Now().UnixNano(), deploy)
		return changed(result, err, fmt.Errorf("deploy %d does not run", deploy))
	})
}

// Result says that step n, which was intended, had its effect, or why not.
func (j *Journal) Result(deploy int64, n int, failure string) error {
	return j.write("write the result", func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE steps SET ended = ?, failure = ?
			WHERE deploy = ? AND n = ? AND began IS NOT NULL
			AND EXISTS (SELECT 1 FROM deploys WHERE id = steps.deploy AND ended IS NULL)`,
			time.Now().UnixNano(), failure, deploy, n)
		return changed(result, err, fmt.Errorf("step %d of deploy %d does not run", n, deploy))
	})
}

// Steps are the steps of a deploy in the order of its plan.
func (j *Journal) Steps(deploy int64) ([]Step, error) {
	var steps []Step
	err := j.read("read the steps", func(tx *sql.Tx) error {
		return each(tx, func(scan row) error {
			var s Step
			var text string
			var began, ended sql.NullInt64
			err := scan(&s.N, &text, &began, &ended, &s.Failure)
			if err != nil {
				return err
			}
			s.Began, s.Ended = moment(began), moment(ended)
			s.Step, err = unpackStep(text)
			steps = append(steps, s)
			return err
		}, "SELECT n, step, began, ended, failure FROM steps WHERE deploy = ? ORDER BY n", deploy)
	})
	return steps, err
}

func unpackStep(text string) (release.Step, error) {
	var s release.Step
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("unpack a step: %w", err)
	}
	return s, nil
}
