package cli

import (
	"crypto/tls"
	"fmt"
	"time"

	"teal/internal/adopt"
	"teal/internal/release"
)

// certificates judges those that the adopted servers use. nginx itself serves
// an expired one without a word.
func certificates(p *adopt.Proposal, now time.Time) []release.Finding {
	var found []release.Finding
	for _, c := range p.Certificates {
		if what, fix := certificate(c, now); what != "" {
			found = append(found, release.Finding{Grade: release.GradeFail, Code: release.Invalid, Place: c.Place, What: what, Fix: fix})
		}
	}
	return found
}

// certificate says what is wrong with a pair, "" where nothing is.
func certificate(c adopt.Certificate, now time.Time) (what, fix string) {
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	switch {
	case err != nil:
		return fmt.Sprintf("the certificate %s with the key %s can't be used: %v", c.Cert, c.Key, err), "put the files there, and those that belong together"
	case now.After(pair.Leaf.NotAfter):
		return c.Cert + " has expired: it was good until " + pair.Leaf.NotAfter.Format(time.DateOnly), "renew it"
	case now.Before(pair.Leaf.NotBefore):
		return c.Cert + " is not good before " + pair.Leaf.NotBefore.Format(time.DateOnly), "check this machine's clock, or use another certificate"
	}
	return "", ""
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
