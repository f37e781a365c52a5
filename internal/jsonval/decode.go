package jsonval

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// DecodeValue restores the value that AppendValue wrote as text. The text may have
// passed through jsonb. Tests prove by it that what is stored is what was sent.
func DecodeValue(text []byte, dst pcommon.Value) error {
	n, err := decode(text)
	if err != nil {
		return err
	}
	return n.decodeTo(dst)
}

// DecodeMap restores the attributes that AppendMap wrote as text.
func DecodeMap(text []byte, dst pcommon.Map) error {
	n, err := decode(text)
	if err != nil {
		return err
	}
	if n.Kind() != Object {
		return errors.New("attributes are no JSON object")
	}
	return n.decodeMap(dst)
}

func decode(text []byte) (Node, error) {
	var r Repairs
	// A wrapped kvlist takes two levels.
	n, ok := new(Doc).parse(string(text), 2*MaxDepth+2, math.MaxInt32, &r)
	if !ok {
		return Node{}, errors.New("malformed JSON")
	}
	return n, nil
}

func (n Node) decodeTo(dst pcommon.Value) error {
	switch n.Kind() {
	case Bool:
		b, _ := n.Bool()
		dst.SetBool(b)
	case Number:
		return n.decodeNumber(dst)
	case String:
		dst.SetStr(n.Str())
	case Array:
		s := dst.SetEmptySlice()
		for c := n.First(); c.Exists(); c = c.Next() {
			if err := c.decodeTo(s.AppendEmpty()); err != nil {
				return err
			}
		}
	case Object:
		if n.Len() == 1 && strings.HasPrefix(n.First().Key(), "$") {
			return n.First().decodeMarker(dst)
		}
		return n.decodeMap(dst.SetEmptyMap())
	}
	return nil
}

func (n Node) decodeNumber(dst pcommon.Value) error {
	if text := n.at().text; strings.Contains(text, ".") {
		f, ok := n.Float()
		if !ok {
			return fmt.Errorf("number %s is beyond float64", text)
		}
		dst.SetDouble(f)
		return nil
	}
	i, ok := n.Int()
	if !ok {
		return fmt.Errorf("number %s is beyond int64", n.at().text)
	}
	dst.SetInt(i)
	return nil
}

func (n Node) decodeMarker(dst pcommon.Value) error {
	switch n.Key() {
	case mapMarker:
		return n.decodeMap(dst.SetEmptyMap())
	case bytesMarker:
		b, err := base64.StdEncoding.DecodeString(n.Str())
		if err != nil {
			return fmt.Errorf("%s: %w", bytesMarker, err)
		}
		dst.SetEmptyBytes().FromRaw(b)
		return nil
	}
	return fmt.Errorf("unknown marker %q", n.Key())
}

func (n Node) decodeMap(dst pcommon.Map) error {
	dst.EnsureCapacity(n.Len())
	for c := n.First(); c.Exists(); c = c.Next() {
		if err := c.decodeTo(dst.PutEmpty(c.Key())); err != nil {
			return err
		}
	}
	return nil
}
