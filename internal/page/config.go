package page

// Config is config.json, which the page reads at run time. Clients without
// authorization can read it, so it contains no secret.
type Config struct {
	API      string   `json:"api"`           // the URL for questions, relative to the page
	App      string   `json:"app,omitempty"` // the stack's name
	Auth     string   `json:"auth"`          // an Auth constant
	OIDC     *OIDC    `json:"oidc,omitempty"`
	Examples []string `json:"examples,omitempty"` // questions
	Async    bool     `json:"async,omitempty"`    // whether the API answers long questions
	Feedback bool     `json:"feedback,omitempty"` // whether the API accepts feedback
}

// How the page authorizes its questions.
const (
	AuthNone    = "none"
	AuthOIDC    = "oidc"    // an access token of an OpenID provider
	AuthConsole = "console" // the token in the fragment of the page's URL
)

// OIDC is the OpenID provider where users sign in.
type OIDC struct {
	Issuer   string   `json:"issuer"`
	ClientID string   `json:"client_id"`
	Scopes   string   `json:"scopes"`
	Origins  []string `json:"origins,omitempty"` // of the provider's endpoints, besides the issuer's
}

// TokenHeader is the header of the console's token.
const TokenHeader = "X-Defog-Token"
