package config

// SetDefaultArchitecture replaces the default of architecture, also in the stages
// of a pipeline. It changes no architecture that a source sets.
func (c *Config) SetDefaultArchitecture(name string) {
	if !c.Given("architecture") {
		c.Architecture = name
	}
	for i := range c.Stages {
		c.Stages[i].Config.SetDefaultArchitecture(name)
	}
}
