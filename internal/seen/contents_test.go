package seen

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

func TestKnownContentsAreForgottenWithTheirEpoch(t *testing.T) {
	var k Contents
	key := content.Key{Day: 1, ID: content.ID{1}}
	met := map[content.Key]bool{key: true}
	p := Proof{Epoch: "a", Files: map[int32]string{1: "10"}}
	knows := func(p Proof) (is bool) {
		k.Under(&p, func(known func(content.Key) bool) { is = known(key) })
		return is
	}
	require.False(t, knows(p))
	k.Add(&p, met)
	require.True(t, knows(p))

	other := Proof{Epoch: "a", Files: map[int32]string{1: "11"}}
	require.False(t, knows(other), "another file")
	k.Add(&other, met)
	later := Proof{Epoch: "b", Files: other.Files}
	require.False(t, knows(later), "another epoch")
	k.Add(&other, met)
	require.False(t, knows(later), "what was stored before the removal is not remembered after it")
}
