package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc on Linux.
const clockTick = 10 * time.Millisecond

// serverCPU is the CPU time that a server with all its processes has taken so far, ended ones included; 0 where
// there is no /proc.
func serverCPU(pid int) time.Duration {
	total := cpuOf(pid, true)
	children, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range children {
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && parentOf(child) == pid {
			total += cpuOf(child, false)
		}
	}
	return total
}

// statOf returns the fields of /proc/PID/stat from the third on; nil if the process is gone.
func statOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

func parentOf(pid int) int {
	fields := statOf(pid)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// cpuOf adds user and system time of a process, with those of its ended children if asked.
func cpuOf(pid int, ended bool) time.Duration {
	fields := statOf(pid)
	if len(fields) < 15 {
		return 0
	}
	last := 13
	if ended {
		last = 15
	}
	ticks := 0
	for _, field := range fields[11:last] {
		n, _ := strconv.Atoi(field)
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// printServerCPU shows the server's share, which no client can do anything about but ask for less.
func printServerCPU(w io.Writer, title string, samples []sample) {
	values := make([]float64, len(samples))
	for i := range samples {
		values[i] = micros(samples[i].serverCPU) / float64(samples[i].spans)
	}
	fmt.Fprintf(w, "%s, PostgreSQL's CPU: %.1f µs a span\n", title, median(values))
}
