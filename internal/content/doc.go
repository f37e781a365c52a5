// Package content brings messages, instructions, tool values and documents of any library
// into one canonical form, whose hash is the content's id: equal contents are one row.
//
// message.go, part.go, tool.go and document.go read the shapes; normalizer.go writes the
// form; history.go says which messages of a conversation its last call had already.
package content
