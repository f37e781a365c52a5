package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is a certificate authority of one test.
type Authority struct {
	CAFile string

	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Certificate is a certificate with its key and its authority's certificate, as PEM files.
type Certificate struct {
	CAFile, CertFile, KeyFile string
}

// CertificateOptions says what to certify.
type CertificateOptions struct {
	CommonName string    // the database user, in a client certificate
	Hosts      []string  // names and addresses; default 127.0.0.1 and localhost
	NotAfter   time.Time // default: in a day
}

// NewAuthority makes an authority whose files lie in t.TempDir.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: t.TempDir()}
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test authority"},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().Add(48 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.CAFile = filepath.Join(a.dir, "ca.crt")
	writePEM(t, a.CAFile, "CERTIFICATE", der)
	return a
}

// Issue makes a certificate that serves servers and clients alike.
func (a *Authority) Issue(opts CertificateOptions) *Certificate {
	a.t.Helper()
	if len(opts.Hosts) == 0 {
		opts.Hosts = []string{loopback, "localhost"}
	}
	if opts.NotAfter.IsZero() {
		opts.NotAfter = time.Now().Add(24 * time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: opts.CommonName},
		NotBefore:    time.Now().Add(-48 * time.Hour),
		NotAfter:     opts.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range opts.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(der, key)
}

func (a *Authority) write(der []byte, key *ecdsa.PrivateKey) *Certificate {
	a.t.Helper()
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	name := filepath.Join(a.dir, randomHex(4))
	certificate := &Certificate{CAFile: a.CAFile, CertFile: name + ".crt", KeyFile: name + ".key"}
	writePEM(a.t, certificate.CertFile, "CERTIFICATE", der)
	writePEM(a.t, certificate.KeyFile, "PRIVATE KEY", encoded)
	return certificate
}

// install copies the files to server.crt, server.key and ca.crt of a server's directory.
func (c *Certificate) install(dir string) error {
	for name, from := range map[string]string{"server.crt": c.CertFile, "server.key": c.KeyFile, "ca.crt": c.CAFile} {
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	content := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
