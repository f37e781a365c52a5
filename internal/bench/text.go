package main

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// The vocabulary, the exponent of writer.zipf and the share of phrases give text that packs as English does:
// by lz4 1 KB to 5/6 and 15 KB to 5/8.
const (
	vocabularySize = 8000
	phrasePercent  = 50
)

var syllables = strings.Fields("a an ar al be ca ce co da de di e el en er es fi ga ge ha he i in is it ka la le li lo " +
	"ma me mi na ne ni no o on or pa pe ra re ri ro sa se si so sta str ta te ti to tra u un ur va ve vi wa we")

// vocabulary is the same in every run.
var vocabulary = func() []string {
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	words := make([]string, 0, vocabularySize)
	for len(words) < vocabularySize {
		var word strings.Builder
		for range 1 + rng.IntN(3) + len(words)/(vocabularySize/2) {
			word.WriteString(syllables[rng.IntN(len(syllables))])
		}
		if !seen[word.String()] {
			seen[word.String()] = true
			words = append(words, word.String())
		}
	}
	return words
}()

// writer writes text as people and models do: sentences and paragraphs with numbers, quotes and accents.
type writer struct {
	*rand.Rand
	zipf *rand.Zipf
	last uint64 // index of the word before
}

func newWriter(seed uint64) *writer {
	rng := rand.New(rand.NewPCG(seed, 3))
	return &writer{Rand: rng, zipf: rand.NewZipf(rng, 1.2, 4, vocabularySize-1)}
}

// word often is one of the few that usually follow the last: phrases, not only words, come again.
func (w *writer) word() string {
	if w.IntN(100) < phrasePercent {
		w.last = (w.last*31 + 11 + 7*uint64(w.IntN(2))) % (vocabularySize / 16)
	} else {
		w.last = w.zipf.Uint64()
	}
	return vocabulary[w.last]
}

// text returns at least size bytes, up to a sentence more.
func (w *writer) text(size int) string {
	var b strings.Builder
	for sentence := 1; b.Len() < size; sentence++ {
		if b.Len() > 0 {
			b.WriteString([]string{" ", " ", " ", "\n\n"}[w.IntN(4)])
		}
		w.sentence(&b)
	}
	return b.String()
}

func (w *writer) sentence(b *strings.Builder) {
	first := w.word()
	b.WriteString(strings.ToUpper(first[:1]) + first[1:])
	for range 5 + w.IntN(14) {
		b.WriteByte(' ')
		switch w.IntN(60) {
		case 0:
			b.WriteString(strconv.Itoa(w.IntN(100_000)))
		case 1:
			b.WriteString(`"` + w.word() + `"`)
		case 2:
			b.WriteString(w.word() + "é")
		case 3:
			b.WriteString(w.word() + ",")
		default:
			b.WriteString(w.word())
		}
	}
	b.WriteByte('.')
}

// id returns digits random hex digits after a prefix, as providers' ids look.
func (w *writer) id(prefix string, digits int) string {
	const hex = "0123456789abcdef"
	b := []byte(prefix)
	for range digits {
		b = append(b, hex[w.IntN(len(hex))])
	}
	return string(b)
}
