package price

import (
	"regexp"
	"slices"
	"strings"
)

// maxName bounds the length of a name that is searched for.
const maxName = 256

var (
	// regions are the prefixes of inference profiles on Amazon Bedrock.
	regions = []string{"us-gov.", "global.", "apac.", "us.", "eu.", "au.", "jp.", "ca.", "sa.", "me.", "af."}
	// hostedDate is a date as Vertex AI writes it behind a name.
	datedAt = regexp.MustCompile(`@(\d{8}|default|latest|\d{3})$`)
	// bedrockVersion is the version behind a name on Amazon Bedrock.
	bedrockVersion = regexp.MustCompile(`(-v\d+)?(:\d+)(:[0-9a-z]+)?$|-v\d+$`)
	compactDate    = regexp.MustCompile(`-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(-|:|$)`)
	anyDate        = regexp.MustCompile(`-20\d{2}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$`)
	// variant is how gateways mark variants of one model.
	variant = regexp.MustCompile(`:(free|nitro|floor|beta|extended|thinking|online|exacto)$`)
	// release is the number of a release as Google writes it, and the mark of the newest.
	release = regexp.MustCompile(`-(00\d|latest)$`)
	vendor  = regexp.MustCompile(`^[a-z0-9-]+\.`)
)

// Names returns the names under which a model may stand in the list, from the one
// that was sent, in lower case, to the barest: without path, region, version, date
// and vendor.
func Names(model string) []string {
	name := strings.ToLower(strings.TrimSpace(model))
	if name == "" || len(name) > maxName {
		return nil
	}
	names := []string{name}
	add := func(n string) string {
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
		return n
	}
	name = add(withoutPath(name))
	if _, model, ok := cutProvider(name); ok {
		name = add(model)
	}
	add(compactDate.ReplaceAllString(name, "-$1-$2-$3$4"))
	name = add(variant.ReplaceAllString(name, ""))
	for _, n := range []string{name, withoutRegion(name)} {
		n = add(n)
		add(datedAt.ReplaceAllString(n, "-$1"))
		undated := add(datedAt.ReplaceAllString(n, ""))
		unversioned := add(bedrockVersion.ReplaceAllString(undated, ""))
		add(anyDate.ReplaceAllString(unversioned, ""))
		add(release.ReplaceAllString(unversioned, ""))
	}
	for _, n := range slices.Clone(names) {
		for _, rest, ok := strings.Cut(n, "/"); ok; _, rest, ok = strings.Cut(rest, "/") {
			add(rest)
		}
	}
	for _, n := range slices.Clone(names) {
		if bare := vendor.ReplaceAllString(withoutRegion(n), ""); bare != n && knownVendor(withoutRegion(n)) {
			add(bare)
			add(anyDate.ReplaceAllString(bare, ""))
		}
	}
	return names
}

// withoutPath cuts ARNs and resource names down to the model in them.
func withoutPath(name string) string {
	if strings.HasPrefix(name, "arn:") {
		if _, rest, ok := lastCut(name, "/"); ok {
			return rest
		}
	}
	for _, mark := range []string{"/publishers/", "publishers/", "/models/"} {
		if at := strings.LastIndex(name, "/models/"); at >= 0 && strings.Contains(name, mark) {
			return name[at+len("/models/"):]
		}
	}
	return strings.TrimPrefix(name, "models/")
}

func withoutRegion(name string) string {
	for _, r := range regions {
		if rest, ok := strings.CutPrefix(name, r); ok && strings.Contains(rest, ".") {
			return rest
		}
	}
	return name
}

func lastCut(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}

// knownVendor reports whether a name begins with a vendor as Amazon Bedrock writes it,
// so that the dot of a version is none.
func knownVendor(name string) bool {
	before, _, ok := strings.Cut(name, ".")
	return ok && vendors[before]
}
