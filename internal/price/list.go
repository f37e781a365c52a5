package price

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// List finds prices. It does not change, so it is safe for concurrent use.
type List struct {
	providers map[string]*providerRows
	found     *lru.Cache[callee, []*Row]
}

// callee is what a search goes by.
type callee struct{ provider, model string }

// foundCallees bounds the names whose rows a List remembers: programs call few
// models, and hostile ones may name any number.
const foundCallees = 4096

// owners are the two kinds of rows: the user's and the built-in ones.
const owners = 2

// providerRows are the rows of one provider, the user's and the built-in ones.
type providerRows [owners]struct {
	equals   map[string][]*Row
	prefixes []pattern // longest first
	regexes  []pattern // longest first
}

// pattern is a prefix or a regex with its rows.
type pattern struct {
	text    string
	matches *regexp.Regexp // nil for a prefix
	rows    []*Row
}

// NewList returns a List of rows. A row with a model that is no regex is left out
// and named by the error, so that one bad row costs no others.
func NewList(rows []Row) (*List, error) {
	found, err := lru.New[callee, []*Row](foundCallees)
	if err != nil {
		return nil, err
	}
	l := &List{providers: map[string]*providerRows{}, found: found}
	var faults []error
	for i := range rows {
		if err := l.add(&rows[i]); err != nil {
			faults = append(faults, err)
		}
	}
	for _, p := range l.providers {
		for o := range p {
			longestFirst(p[o].prefixes)
			longestFirst(p[o].regexes)
		}
	}
	return l, errors.Join(faults...)
}

func longestFirst(patterns []pattern) {
	slices.SortStableFunc(patterns, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
}

func (l *List) add(r *Row) error {
	r.scale()
	p := l.providers[r.Provider]
	if p == nil {
		p = &providerRows{}
		l.providers[r.Provider] = p
	}
	owner := 0
	if r.BuiltIn {
		owner = 1
	}
	of := &p[owner]
	switch r.Match {
	case Equals:
		if of.equals == nil {
			of.equals = map[string][]*Row{}
		}
		of.equals[r.Model] = append(of.equals[r.Model], r)
	case Prefix:
		of.prefixes = addPattern(of.prefixes, r, nil)
	case Regex:
		re, err := regexp.Compile(r.Model)
		if err != nil {
			return fmt.Errorf("price of provider %q: model %q is no regex: %w", r.Provider, r.Model, err)
		}
		of.regexes = addPattern(of.regexes, r, re)
	}
	return nil
}

func addPattern(patterns []pattern, r *Row, re *regexp.Regexp) []pattern {
	for i := range patterns {
		if patterns[i].text == r.Model {
			patterns[i].rows = append(patterns[i].rows, r)
			return patterns
		}
	}
	return append(patterns, pattern{text: r.Model, matches: re, rows: []*Row{r}})
}

// find returns the rows of the most specific pattern of an owner that name fits.
func (p *providerRows) find(owner int, name string) []*Row {
	of := &p[owner]
	if rows := of.equals[name]; rows != nil {
		return rows
	}
	for i := range of.prefixes {
		if strings.HasPrefix(name, of.prefixes[i].text) {
			return of.prefixes[i].rows
		}
	}
	for i := range of.regexes {
		if of.regexes[i].matches.MatchString(name) {
			return of.regexes[i].rows
		}
	}
	return nil
}

// Call is what a price depends on besides usage.
type Call struct {
	Provider string
	// Models are the names of the model, the best first: the one that answered before
	// the one that was asked for.
	Models      []string
	At          time.Time
	ServiceTier string
	Input       int64 // tokens
}

// Find returns the row that holds for a call; nil if none does.
func (l *List) Find(c Call) *Row {
	for _, model := range c.Models {
		if model == "" {
			continue
		}
		if r := best(l.rows(c.Provider, model), c); r != nil {
			return r
		}
	}
	return nil
}

func best(rows []*Row, c Call) *Row {
	var found *Row
	for _, r := range rows {
		if r.holds(c.At, c.ServiceTier, c.Input) && (found == nil || r.before(found)) {
			found = r
		}
	}
	return found
}

// rows returns the price history of a model.
func (l *List) rows(provider, model string) []*Row {
	key := callee{provider, model}
	if rows, ok := l.found.Get(key); ok {
		return rows
	}
	rows := l.search(provider, model)
	l.found.Add(key, rows)
	return rows
}

// search looks for the user's rows under all providers and names, then for the
// built-in ones.
func (l *List) search(provider, model string) []*Row {
	names := Names(model)
	providers := providersOf(provider, names)
	for owner := range owners {
		for _, p := range providers {
			of := l.providers[p]
			if of == nil {
				continue
			}
			for _, name := range names {
				if rows := of.find(owner, name); rows != nil {
					return rows
				}
			}
		}
	}
	return nil
}
