package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"syscall"
)

// slackWord is how Slack answers a message it doesn't take.
var slackWord = regexp.MustCompile(`^[a-z][a-z_]{2,40}$`)

// fault says in words of ours why a message didn't arrive: those of the
// network hold the address.
func fault(ctx context.Context, err error) error {
	var (
		dns      *net.DNSError
		cert     *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
	)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("no answer within %s", limit)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("it refuses the connection")
	case errors.Is(err, syscall.ECONNRESET):
		return errors.New("it broke the connection off")
	case errors.As(err, &dns):
		return errors.New("its name can't be resolved")
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &hostname):
		return errors.New("its certificate is not trusted")
	}
	return errors.New("it can't be reached")
}
