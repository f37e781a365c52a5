// Package e2e drives the built collector as a black box: real OTLP clients on one side, SQL on the other.
package e2e
