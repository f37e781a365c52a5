// Package value reads what attributes of spans and the nodes of their JSON hold: texts, counts,
// amounts, times and bools, in the spellings that emitters have for them.
package value
