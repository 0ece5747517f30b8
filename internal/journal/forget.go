package journal

import "database/sql"

// forgetting drops an app's rows, those that refer to others first.
var forgetting = []string{
	"DELETE FROM steps WHERE deploy IN (SELECT id FROM deploys WHERE app = ?)",
	"DELETE FROM deploys WHERE app = ?",
	"DELETE FROM specs WHERE app = ?",
	"DELETE FROM releases WHERE app = ?",
	"DELETE FROM slots WHERE app = ?",
	"DELETE FROM apps WHERE name = ?",
}

// Forget drops all that is known of an app; its releases count from 1 again.
// Where this Journal has the app's lock, the lock's file goes when it is
// unlocked.
func (j *Journal) Forget(app string) error {
	err := j.write("forget "+app, func(tx *sql.Tx) error {
		for _, statement := range forgetting {
			if _, err := tx.Exec(statement, app); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if h := j.held[app]; h != nil {
		h.forgotten = true
	}
	return nil
}
