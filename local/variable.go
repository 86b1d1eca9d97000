package local

// Variable sets an environment variable of the local AWS, which its functions
// inherit.
func Variable(name, value string) Option {
	return func(a *AWS) error {
		a.options = append(a.options, name+"="+value)
		return nil
	}
}
