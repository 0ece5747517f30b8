package nginx

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// How long a self-signed certificate lives: what browsers take at most
// (825 days, as macOS and iOS demand of user-added ones), and how long before
// its end it is made anew.
const (
	selfSignedLife = 825 * 24 * time.Hour
	selfSignedLeft = 30 * 24 * time.Hour
)

// selfSignedBy is the organization by which teal knows its own certificates.
const selfSignedBy = "teal self-signed"

// selfSigned makes a certificate for the hosts, and its key, both in PEM. It
// is for localhost as well, so that it can be tried on this machine.
func selfSigned(hosts []string, now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{selfSignedBy}, CommonName: firstName(hosts)},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names(hosts), IPAddresses: addressesOf(hosts),
		BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey}), nil
}

// firstName is the common name, which has room for 64 bytes (RFC 5280,
// ub-common-name) and which nobody reads for more than a label.
func firstName(hosts []string) string {
	for _, name := range names(hosts) {
		if len(name) <= 64 {
			return name
		}
	}
	return "localhost"
}

// names are the hosts that are names.
func names(hosts []string) []string {
	var list []string
	for _, h := range hosts {
		if net.ParseIP(h) == nil {
			list = append(list, strings.TrimSuffix(h, "."))
		}
	}
	return append(list, "localhost")
}

func addressesOf(hosts []string) []net.IP {
	list := []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			list = append(list, ip)
		}
	}
	return list
}

// due reports whether the certificate is one of teal's own that must be made
// anew: it ends soon, or isn't for all the hosts. Somebody else's never is.
func due(path string, hosts []string, now time.Time) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	block, rest := pem.Decode(text)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !slices.Contains(cert.Subject.Organization, selfSignedBy) {
		return false
	}
	return now.Add(selfSignedLeft).After(cert.NotAfter) || !covers(cert, hosts)
}

func covers(cert *x509.Certificate, hosts []string) bool {
	for _, name := range names(hosts) {
		if !slices.Contains(cert.DNSNames, name) {
			return false
		}
	}
	for _, ip := range addressesOf(hosts) {
		if !slices.ContainsFunc(cert.IPAddresses, ip.Equal) {
			return false
		}
	}
	return true
}
