package local

import "net/http"

// Transport returns the transport of Client.
func (a *AWS) Transport() *http.Transport { return a.transport.(*http.Transport) }

// WithoutPatch leaves a patch of local/patches out.
func WithoutPatch(patch string) Option {
	return func(a *AWS) error {
		a.options = append(a.options, "WITHOUT_PATCH="+patch)
		return nil
	}
}
