package release

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// ReadCertificate returns a site's certificate, the first of the file, once the
// key fits it. read is os.ReadFile, or what reads as an nginx in a container
// does. It is nil where its form is one that Go doesn't know (a curve, say) and
// nginx may. Errors are *Error with the code Invalid, and name the file.
func ReadCertificate(cert, key string, read func(path string) ([]byte, error)) (*x509.Certificate, error) {
	certText, err := readPEM(cert, "certificate", read)
	if err != nil {
		return nil, err
	}
	keyText, err := readPEM(key, "certificate's key", read)
	if err != nil {
		return nil, err
	}
	leaf, public := firstCertificate(certText), publicOf(keyText)
	if leaf == nil || public == nil || public.Equal(leaf.PublicKey) {
		return leaf, nil
	}
	return nil, &Error{
		Code: Invalid, What: fmt.Sprintf("%s and %s are no pair: the key is another certificate's", cert, key),
		Next: "name the certificate and the key that belong together",
	}
}

// readPEM refuses a file that can't be read, or that holds no PEM at all.
func readPEM(path, what string, read func(string) ([]byte, error)) ([]byte, error) {
	text, err := read(path)
	if err != nil {
		e := &Error{Code: Invalid, What: fmt.Sprintf("the %s %s can't be read", what, path), Next: "put it there, or name the file that is meant", Err: err}
		if inner := new(fs.PathError); errors.As(err, &inner) {
			e.Err = inner.Err // the path is told
		}
		if errors.Is(err, fs.ErrPermission) {
			e.Next = "run teal as root, or let its user read the file"
		}
		return nil, e
	}
	if block, _ := pem.Decode(text); block == nil {
		return nil, &Error{Code: Invalid, What: fmt.Sprintf("the %s %s is no PEM file", what, path), Next: "name a PEM file, which begins with -----BEGIN"}
	}
	return text, nil
}

func firstCertificate(text []byte) *x509.Certificate {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil
		}
		return leaf
	}
	return nil
}

// public is any of Go's public keys (crypto.PublicKey).
type public interface {
	Equal(other crypto.PublicKey) bool
}

// publicOf is the public half of the first key in the text, nil where Go can't
// tell: an encrypted key, or an algorithm of OpenSSL's alone.
func publicOf(text []byte) public {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		private, ok := privateKey(block.Bytes).(crypto.Signer)
		if !ok {
			return nil
		}
		key, _ := private.Public().(public)
		return key
	}
	return nil
}

// privateKey reads the three forms that OpenSSL writes; nil if it is none.
func privateKey(der []byte) any {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// Untimely is why clients don't take the certificate of that file now, nil where
// its time has come and isn't over. nginx itself serves either without a word.
func Untimely(leaf *x509.Certificate, path string, now time.Time) *Error {
	switch {
	case leaf == nil:
		return nil
	case now.After(leaf.NotAfter):
		return &Error{Code: Invalid, What: "the certificate " + path + " has expired: it was good until " + leaf.NotAfter.Format(time.DateOnly), Next: "renew it"}
	case now.Before(leaf.NotBefore):
		return &Error{
			Code: Invalid, What: "the certificate " + path + " is not good before " + leaf.NotBefore.Format(time.DateOnly),
			Next: "check this machine's clock, or use another certificate",
		}
	}
	return nil
}
