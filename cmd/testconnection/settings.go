package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"gopkg.in/yaml.v3"

	exporter "github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// settings is what the steps need to know.
type settings struct {
	pool         pool.Config
	createSchema bool // the exporter runs migrations when it starts
	source       string
}

// readSettings reads the environment and, if given, a file of either form. Wrong values are an error.
func readSettings(ctx context.Context, file, name string) (settings, error) {
	if file == "" {
		s := settings{pool: pool.ConfigFromEnv(), createSchema: true, source: "environment"}
		return s, s.pool.Validate()
	}
	if isCollectorConfig(file) {
		return readCollectorConfig(ctx, file, name)
	}
	cfg, err := pool.ConfigFromFile(file)
	if err == nil {
		err = cfg.Validate()
	}
	return settings{pool: cfg, createSchema: true, source: file}, err
}

// isCollectorConfig leaves every complaint about the file to those who read all of it.
func isCollectorConfig(file string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	var blocks map[string]yaml.Node
	if err := yaml.Unmarshal(text, &blocks); err != nil {
		return false
	}
	_, found := blocks["exporters"]
	return found
}

func readCollectorConfig(ctx context.Context, file, name string) (settings, error) {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"file:" + file},
		ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	if err != nil {
		return settings{}, err
	}
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return settings{}, errors.Join(err, resolver.Shutdown(ctx))
	}
	if err := resolver.Shutdown(ctx); err != nil {
		return settings{}, err
	}
	key := "exporters" + confmap.KeyDelimiter + name
	if !conf.IsSet(key) {
		return settings{}, fmt.Errorf("%s has no %s; name the exporter with --exporter", file, key)
	}
	block, err := conf.Sub(key)
	if err != nil {
		return settings{}, err
	}
	cfg := exporter.NewFactory().CreateDefaultConfig().(*exporter.Config)
	if err := block.Unmarshal(cfg); err != nil {
		return settings{}, err
	}
	return settings{pool: cfg.PoolConfig(), createSchema: cfg.CreateSchema, source: file}, confmap.Validate(cfg)
}
