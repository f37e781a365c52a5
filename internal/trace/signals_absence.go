package trace

import (
	"math"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Absence is what is known not to be stored. A look-up costs about as much as a row, and most
// calls of a log-only program, or of sessions that begin, have nothing to be paired with.
type Absence struct {
	// Sessions are those of the batch.
	Sessions map[string]SessionAbsence
	// WithoutContext says that no event without context is listed at the time of the batch's candidates.
	WithoutContext bool
	// FirstDay and LastDay are the days of SessionAbsence.Unkept.
	FirstDay, LastDay int64
	// WholeDays says that Unkept is of all of these days, not only of the times of calls that may be one with the batch's.
	WholeDays bool
}

// SessionAbsence is what is known not to be stored of a session.
type SessionAbsence struct {
	Unlisted bool // nothing is listed
	Unkept   bool // no record keeps the keys of calls that are not listed and end from FirstDay to LastDay
}

// has reports whether nothing can be listed under a key that c is looked for by.
func (a *Absence) has(c *Candidate, key CandidateKey) bool {
	return a.Sessions[key.session].Unlisted || key.withoutContext && a.WithoutContext && !c.Stored
}

// hasAll reports whether nothing can be listed under any key that a call is looked for by which a record tells:
// in its trace, which is new, in its sessions, or without context.
func (a *Absence) hasAll(c *Candidate) bool {
	if c.Event == "" || !c.First || c.Stored || !a.WithoutContext || c.Kind == mapping.KindAgent || len(c.lookedUpAround()) > 0 {
		return false
	}
	for session := range c.sessions {
		if !a.Sessions[session].Unlisted {
			return false
		}
	}
	return true
}

// keepsNone reports whether no record keeps the keys of a call of a session on a day.
func (a *Absence) keepsNone(d SessionDay) bool {
	return a.Sessions[d.Session].Unkept && d.Day >= a.FirstDay && d.Day <= a.LastDay
}

// SessionKey is the key under which something is listed of every session of which anything is:
// that of the calls of models among its own.
func SessionKey(session string) CandidateKey {
	call := Candidate{Kind: mapping.KindLLM}
	key := call.key(byTime, 'S', session, "")
	return CandidateKey{Hash: key.Hash, Apart: -1}
}

// anyWithoutContext is the key of all events without context.
var anyWithoutContext = CandidateKey{Hash: keyHash{}.text('j', "", ""), Apart: -1}

// WithoutContextKey is the hash of that key, and UntracedKey that of the key of events that name a session and
// no trace, and whose calls spans of any scope may observe. One of a batch on a day is listed under it.
var (
	WithoutContextKey = anyWithoutContext.Hash
	UntracedKey       = keyHash{}.text('k', "", "")
)

// LegacyKey is that of a row that migration 038 made: earlier versions listed neither sessions nor
// events without context under the keys above. Of collectors of these versions that still run a week after
// the migration, calls are not found.
const LegacyKey = 0x6c656761637931

// Absences ask what is absent of the sessions of calls that end from one time to another.
type Absences struct {
	Sessions []string
	// Lookups have no numbers of candidates. The first two are about all sessions, and the others about each.
	Lookups []Lookup
	// Calls of these times may be one with the batch's.
	First, Last int64
	// Records of these times may keep the keys of calls that the batch has to know of.
	KeptFirst, KeptLast int64
	Listed, Kept        []bool // by look-up: whether calls are listed, and whether records may keep the keys of others

	wholeDays bool
}

// AbsencesOf returns what to ask. With lists, the batch brings spans, which list their calls, and with these all
// that records of the same session and day keep: these are asked for at once.
func AbsencesOf(sessions []string, first, last int64, lists bool) *Absences {
	a := &Absences{Sessions: sessions, Lookups: make([]Lookup, 2, 2+len(sessions)), First: first - apartByID, Last: last + apartByID, wholeDays: lists}
	a.KeptFirst, a.KeptLast = a.First, a.Last
	if lists {
		a.KeptFirst, a.KeptLast = dayOf(a.First)*mapping.MicrosPerDay, (dayOf(a.Last)+1)*mapping.MicrosPerDay-1
	}
	a.Lookups[0] = Lookup{Key: CandidateKey{Hash: LegacyKey}, First: a.First, Last: math.MaxInt64}
	a.Lookups[1] = Lookup{Key: anyWithoutContext, First: a.First, Last: a.Last}
	for _, session := range sessions {
		a.Lookups = append(a.Lookups, Lookup{Key: SessionKey(session), First: math.MinInt64, Last: math.MaxInt64})
	}
	a.Listed, a.Kept = make([]bool, len(a.Lookups)), make([]bool, len(a.Lookups))
	return a
}

// Absence returns what was not found.
func (a *Absences) Absence() (absent Absence) {
	absent.Sessions = make(map[string]SessionAbsence, len(a.Sessions))
	absent.FirstDay, absent.LastDay, absent.WholeDays = dayOf(a.First), dayOf(a.Last), a.wholeDays
	absent.WithoutContext = !a.Listed[0] && !a.Listed[1]
	for i, session := range a.Sessions {
		absent.Sessions[session] = SessionAbsence{Unlisted: !a.Listed[0] && !a.Listed[2+i], Unkept: !a.Kept[2+i]}
	}
	return absent
}

// listsSession reports whether a candidate is listed under SessionKey anyway.
func (c *Candidate) listsSession() bool { return c.Kind == mapping.KindLLM && !c.Sums }

// Presence returns the candidates to store that are to be listed under SessionKey, too: one of each
// session of which no other is. Rows go with the days of their ends, so each day has its own.
func (s *Signals) Presence() map[int][]CandidateKey {
	var lacking map[SessionDay]int
	listed := make(map[SessionDay]bool, len(s.Candidates))
	for at := range s.Candidates {
		c := &s.Candidates[at]
		if !c.looks() || c.Foreign {
			continue
		}
		for session := range c.sessions {
			of := SessionDay{session, dayOf(c.End)}
			if c.listsSession() {
				listed[of] = true
				continue
			}
			if lacking == nil {
				lacking = map[SessionDay]int{}
			}
			if _, there := lacking[of]; !there {
				lacking[of] = at
			}
		}
	}
	present := map[int][]CandidateKey{}
	for of, at := range lacking {
		if !listed[of] {
			present[at] = append(present[at], SessionKey(of.Session))
		}
	}
	return present
}
