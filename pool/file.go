package pool

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-viper/mapstructure/v2"
	"gopkg.in/yaml.v3"

	"github.com/llm-observatory/llmobservatoryexporter/internal/duration"
)

// ConfigFromFile returns what [ConfigFromEnv] does, overridden by a YAML file with the blocks postgres,
// redis, pool and connect_retry; all are optional. Redis is used if the file has a redis block or REDIS_URL
// is set. A file that cannot be read, is not YAML or has an unknown key is an error; wrong values are
// reported by [Config.Validate].
func ConfigFromFile(path string) (Config, error) {
	c := ConfigFromEnv()
	before := c
	text, err := os.ReadFile(path)
	if err != nil {
		return c, newError(KindConfig, "cannot read configuration", err)
	}
	var blocks map[string]any
	if err := yaml.Unmarshal(text, &blocks); err != nil {
		// The parser's own message quotes the file, which may hold secrets.
		return c, newError(KindConfig, path, errors.New("is not a YAML file of the blocks postgres, redis, pool and connect_retry"))
	}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:      &c,
		ErrorUnused: true,
		DecodeHook:  duration.Hook(),
	})
	if err == nil {
		err = decoder.Decode(blocks)
	}
	if err != nil {
		return c, newError(KindConfig, path, err)
	}
	if _, found := blocks["redis"]; found {
		c.UseRedis = true
	}
	c.Override(before, keysOf(blocks, "")...)
	return c, nil
}

// keysOf lists the key paths ("postgres::host") of a YAML document.
func keysOf(node any, path string) []string {
	block, ok := node.(map[string]any)
	if !ok {
		return []string{path}
	}
	if path != "" {
		path += "::"
	}
	var keys []string
	for name, value := range block {
		keys = append(keys, keysOf(value, path+fmt.Sprint(name))...)
	}
	return keys
}
