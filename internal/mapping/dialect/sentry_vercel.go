package dialect

import "strings"

// The spans of the Vercel AI SDK once Sentry has renamed them: ai.X is vercel.ai.X.
var _ = register(sentryVercel())

func sentryVercel() Dialect {
	d := Dialect{
		Name:     "Vercel AI SDK, renamed by Sentry",
		Versions: "@sentry/node 10 (source: packages/core/src/tracing/vercel-ai)",
		Marks:    []string{"vercel.ai.operationId", "sentry.origin=auto.vercelai.otel"},
		Sources:  map[Field][]Source{},
		Kinds: []KindRule{
			{Group: kindByVercel, Attr: "vercel.ai.operationId", Of: vercelKind, Note: vercelKinds},
		},
	}
	for f, sources := range vercel.Sources {
		for _, s := range sources {
			if s.Answer != nil {
				a := *s.Answer
				a.Text, a.Reasoning, a.ToolCalls, a.Object = sentryName(a.Text), sentryName(a.Reasoning), sentryName(a.ToolCalls), sentryName(a.Object)
				s.Answer = &a
			} else if s.Attr = sentryName(s.Attr); s.Attr == "" || s.Event != "" {
				continue
			}
			d.Sources[f] = append(d.Sources[f], s)
		}
	}
	d.Sources[Provider] = append(d.Sources[Provider], Source{Attr: "vercel.ai.model.provider"})
	d.Sources[Streaming] = append(d.Sources[Streaming], Source{Attr: "vercel.ai.streaming"})
	for _, w := range vercel.Words {
		d.Words = append(d.Words, sentryName(w))
	}
	return d
}

// sentryName is the new name of one of the SDK's attributes; "" for any other.
func sentryName(attr string) string {
	if strings.HasPrefix(attr, "ai.") {
		return "vercel." + attr
	}
	return ""
}
