package doctor

import (
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
	leaf, err := release.ReadCertificate(t.Cert, t.Key, os.ReadFile)
	switch {
	case err != nil:
		return []release.Finding{fault("site.tls: ", err)}
	case leaf == nil:
		return []release.Finding{warn(t.Cert+" is in a form that only nginx can judge", "nginx -t")}
	}
	return append(dates(leaf, t.Cert, c.Now), append(covered(leaf, t.Cert, c.App.Site.Hosts), secret(t.Key)...)...)
}

func dates(leaf *x509.Certificate, path string, now time.Time) []release.Finding {
	day := leaf.NotAfter.Format(time.DateOnly)
	if err := release.Untimely(leaf, path, now); err != nil {
		return []release.Finding{fault("", err)}
	}
	if leaf.NotAfter.Sub(now) <= soon {
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
