package llmobservatoryexporter

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// key is one key of the block, such as pool::max_connections, with the type of its value.
type key struct {
	name  string
	field reflect.StructField
	typ   reflect.Type
}

// keys are all keys of the block, each block before the keys in it.
var keys = keysOf(reflect.TypeFor[Config](), "")

// keysOf lists the keys of a struct of configuration.
func keysOf(typ reflect.Type, prefix string) (keys []key) {
	for field := range fields(typ) {
		name, option, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if option == "squash" {
			keys = append(keys, keysOf(field.Type, prefix)...)
			continue
		}
		k := key{name: prefix + name, field: field, typ: field.Type}
		keys = append(keys, k)
		if block, ok := blockOf(k.typ); ok {
			keys = append(keys, keysOf(block, k.name+confmap.KeyDelimiter)...)
		}
	}
	return keys
}

// fields yields the fields of a struct that confmap fills.
func fields(typ reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			if tag, found := field.Tag.Lookup("mapstructure"); found && tag != "-" && !yield(field) {
				return
			}
		}
	}
}

// blockOf returns the struct whose keys a type has: its own, or that of an optional block.
func blockOf(typ reflect.Type) (reflect.Type, bool) {
	if typ.Kind() != reflect.Struct || reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil, false
	}
	if get, found := reflect.PointerTo(typ).MethodByName("Get"); found { // configoptional.Optional
		return get.Type.Out(0).Elem(), true
	}
	return typ, true
}

func isWhole(typ reflect.Type) bool {
	return typ != reflect.TypeFor[time.Duration]() && (typ.Kind() == reflect.Int || typ.Kind() == reflect.Int64)
}

// refuseTypes removes and reports the values that are of another type than their key. Each is decoded alone, since only
// confmap knows the text that stood where the collector has put the number of an environment variable.
func refuseTypes(conf *confmap.Conf) (faults []error) {
	for _, k := range keys {
		allowed := k.allowed()
		if allowed == "" || !conf.IsSet(k.name) || k.takes(conf) {
			continue
		}
		faults = append(faults, refuse(conf, k, allowed))
	}
	return faults
}

// takes reports whether the key takes the value that conf has for it.
func (k key) takes(conf *confmap.Conf) bool {
	if _, isBlock := blockOf(k.typ); isBlock {
		_, isMap := conf.Get(k.name).(map[string]any)
		return isMap
	}
	if at := strings.LastIndex(k.name, confmap.KeyDelimiter); at >= 0 {
		sub, err := conf.Sub(k.name[:at])
		if err != nil {
			return false
		}
		conf = sub
	}
	field := k.field
	field.Name, field.PkgPath = "Value", ""
	alone := reflect.New(reflect.StructOf([]reflect.StructField{field}))
	return conf.Unmarshal(alone.Interface(), confmap.WithIgnoreUnused()) == nil
}

// allowed says what values the key takes; nothing for durations, which have been read.
func (k key) allowed() string {
	if _, isBlock := blockOf(k.typ); isBlock {
		return "must be a block of keys"
	}
	switch {
	case k.typ == reflect.TypeFor[exporterhelper.RequestSizerType]():
		return "must be bytes, items or requests"
	case k.typ == reflect.TypeFor[*component.ID]():
		return "must be the name of an extension, such as file_storage"
	case isWhole(k.typ):
		return "must be a whole number, without quotes or a unit"
	case k.typ.Kind() == reflect.String:
		return "must be text; put numbers and words such as yes in quotes"
	case k.typ.Kind() == reflect.Bool:
		return "must be true or false, without quotes"
	case k.typ.Kind() == reflect.Float64:
		return "must be a number, without quotes"
	case k.typ.Kind() == reflect.Slice:
		return `must be a list of texts, such as ["a", "b"]`
	}
	return ""
}
