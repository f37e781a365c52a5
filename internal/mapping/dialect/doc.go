// Package dialect holds what instrumentation libraries and conventions write on spans: one
// file a dialect, as data. The engine, package mapping, reads the declarations and knows
// no dialect by name: it gets them as the list All. What else the package exports holds for spans
// of any dialect: the tables CopiedKeys, Exclusions, Frameworks and OperationKinds, kinds, and conversions of values.
//
// # Files
//
//	dialect.go, field.go, kind.go  what a dialect can say, of which fields and kinds
//	precedence.go                  which dialect wins where several give a field
//	reading.go                     what a dialect may ask of the span that is read
//	conversions.go, answerbody.go, toolmessage.go  values that several dialects take out of others
//	exclusions.go                  emitters whose input lacks what was read from the cache
//	frameworks.go                  what frameworks are called where a provider is asked for
//	copies.go                      keys that contrib's gen_ai_normalizer copies
//	NAME.go                        what NAME's instrumentation writes; mlflow_chunks.go belongs to mlflow.go
package dialect
