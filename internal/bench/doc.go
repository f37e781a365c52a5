// Command bench compares what the exporter costs with what it replaces: raw COPY of the same rows.
//
//	bench          measures the subjects copy, exporter and collector on the workloads single, agent and
//	               small, prints a table and writes build/bench.json
//	bench growth   measures the exporter on empty tables and again with many spans stored
//
// README.md beside this file describes workloads and method, `bench -help` the flags.
package main
