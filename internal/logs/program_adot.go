package logs

// ADOT names the event after the scope of the span whose words the record has.
var _ = register(program{
	name:     "AWS Distro for OpenTelemetry",
	versions: "aws-opentelemetry-distro *0.21*",
	session:  []string{"session.id"},
	events:   map[string][]rule{scopeNamed: {{kind: Words, names: namesCall}}},
})

// scopeNamed stands for an event of the name of its scope.
const scopeNamed = "\x00scope"
