package cli

import (
	"errors"
	"os"
	"time"

	"teal/internal/adopt"
	"teal/internal/release"
)

// certificates judges those that the adopted servers use. nginx itself serves
// an expired one without a word.
func certificates(p *adopt.Proposal, now time.Time) []release.Finding {
	var found []release.Finding
	for _, c := range p.Certificates {
		if e := certificate(c, now); e != nil {
			found = append(found, release.Finding{Grade: release.GradeFail, Code: e.Code, Place: c.Place, What: e.Error(), Fix: e.Next})
		}
	}
	return found
}

// certificate is what is wrong with a pair, nil where nothing is.
func certificate(c adopt.Certificate, now time.Time) *release.Error {
	leaf, err := release.ReadCertificate(c.Cert, c.Key, os.ReadFile)
	if e, ok := errors.AsType[*release.Error](err); ok {
		return e
	}
	return release.Untimely(leaf, c.Cert, now)
}

// badCertificate is the first of the findings that stops a write.
func badCertificate(found []release.Finding) error {
	for _, f := range found {
		if f.Grade == release.GradeFail && f.Code == release.Invalid {
			return &release.Error{Code: release.Invalid, What: f.What, Detail: []string{f.Place}, State: "nothing was written", Next: f.Fix + ", then run teal init --write again"}
		}
	}
	return nil
}
