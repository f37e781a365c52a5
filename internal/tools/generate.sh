#!/bin/sh
# Runs mdatagen on the module's metadata.yaml. mdatagen names the package after the folder it is given, and a
# checkout may be called anything, so it sees the module through a link of the right name.
set -eu
cd "$(dirname "$0")/../.."
module=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -modfile=internal/tools/go.mod -o "$dir/mdatagen" go.opentelemetry.io/collector/cmd/mdatagen
ln -s "$module" "$dir/llmobservatoryexporter"
"$dir/mdatagen" "$dir/llmobservatoryexporter/metadata.yaml"
