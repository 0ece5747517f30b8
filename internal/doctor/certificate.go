package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"teal/internal/release"
)

// soon is when an expiry is near: renewals that run by themselves have had
// two weeks by then (Let's Encrypt's clients renew 30 days before).
const soon = 14 * 24 * time.Hour

// certificate is about the files of site.tls.
func (c Case) certificate() []release.Finding {
	if c.App == nil || c.App.Site.TLS == nil {
		return nil
	}
	t := c.App.Site.TLS
	if _, err := os.Stat(t.Cert); t.SelfSigned && errors.Is(err, fs.ErrNotExist) {
		return []release.Finding{ok("the self-signed certificate %s will be made by the first deploy", t.Cert)}
	}
	for _, path := range []string{t.Cert, t.Key} {
		if f, err := os.Open(path); err != nil {
			return []release.Finding{fail(release.Invalid, "a file of site.tls can't be read: "+err.Error(), "put it there, or correct site.tls in teal.yaml")}
		} else if err := f.Close(); err != nil {
			return []release.Finding{fail(release.Invalid, "a file of site.tls can't be read: "+err.Error(), "put it there")}
		}
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return []release.Finding{fail(release.Invalid, fmt.Sprintf("%s and %s are no pair: %v", t.Cert, t.Key, err), "name the certificate and the key that belong together in site.tls")}
	}
	return append(dates(pair.Leaf, t.Cert, c.Now), append(covered(pair.Leaf, t.Cert, c.App.Site.Hosts), secret(t.Key)...)...)
}

func dates(leaf *x509.Certificate, path string, now time.Time) []release.Finding {
	day := leaf.NotAfter.Format(time.DateOnly)
	switch {
	case now.After(leaf.NotAfter):
		return []release.Finding{fail(release.Invalid, path+" has expired: it was good until "+day, "renew it")}
	case now.Before(leaf.NotBefore):
		return []release.Finding{fail(release.Invalid, path+" is not good before "+leaf.NotBefore.Format(time.DateOnly), "check this machine's clock, or use another certificate")}
	case leaf.NotAfter.Sub(now) <= soon:
		return []release.Finding{warn(fmt.Sprintf("%s expires in %d days, on %s", path, int(leaf.NotAfter.Sub(now).Hours()/24), day), "renew it")}
	}
	return []release.Finding{ok("%s is good until %s", path, day)}
}

// covered wants each host in the certificate. *.voda.example is asked as a
// name below it.
func covered(leaf *x509.Certificate, path string, hosts []string) []release.Finding {
	var found []release.Finding
	for _, host := range hosts {
		asked := host
		if rest, wild := strings.CutPrefix(host, "*."); wild {
			asked = "any." + rest
		}
		if err := leaf.VerifyHostname(asked); err != nil {
			found = append(found, warn(path+" is not for "+host, "use a certificate that names it"))
		}
	}
	return found
}

func secret(path string) []release.Finding {
	info, err := os.Stat(path)
	if err != nil || !allows(info, 0o004) {
		return nil
	}
	return []release.Finding{warn(fmt.Sprintf("everyone may read the key %s (mode %04o)", path, info.Mode().Perm()), "chmod 600 "+path)}
}
