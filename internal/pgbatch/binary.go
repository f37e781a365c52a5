package pgbatch

import (
	"encoding/binary"
	"math"
)

// Values of result rows in binary format; null is 0.

// ReadInt64 reads a bigint.
func ReadInt64(v []byte) int64 {
	if len(v) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(v))
}

// ReadTime reads a time as µs since 1970; infinite ones are the greatest and the least
// number.
func ReadTime(v []byte) int64 {
	t := ReadInt64(v)
	if t == math.MaxInt64 || t == math.MinInt64 {
		return t
	}
	return t + postgresEpochMicros
}

// ReadInt64Array reads an array of bigint without nulls.
func ReadInt64Array(v []byte) (list []int64) {
	const header, size = 20, 4 + 8
	list = make([]int64, 0, max(0, len(v)-header)/size)
	for at := header; at+size <= len(v); at += size {
		list = append(list, ReadInt64(v[at+4:at+size]))
	}
	return list
}
