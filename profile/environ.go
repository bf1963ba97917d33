// Package profile holds what people write about sandboxes, and the rules that box has for them. It makes no system calls.
package profile

import (
	"path"
	"strings"
)

// passed are the variables of the caller that every command gets: what programs need to find their way, their
// language and their terminal.
var passed = [...]string{
	"HOME", "USER", "LOGNAME", "SHELL", "PATH", "TERM", "COLORTERM", "NO_COLOR", "CLICOLOR*", "LANG", "LANGUAGE", "LC_*",
	"TZ", "COLUMNS", "LINES", "EDITOR", "PAGER", "XDG_RUNTIME_DIR", "CI",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO",
}

// proxies are passed where the caller's network is: elsewhere they lead nowhere.
var proxies = [...]string{"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"}

// paths are those of passed that name a file or a directory, besides HOME and PATH.
var paths = [...]string{
	"XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "PIP_CERT",
	"GIT_SSL_CAINFO",
}

// refused are names of secrets, of ways to the caller's session, and of what makes programs run other code. A glob
// doesn't pass them; their exact name does.
var refused = [...]string{
	"*TOKEN*", "*SECRET*", "*_AUTH*", "*PASSW*", "*_KEY", "*APIKEY*", "*CREDENTIAL*",
	"AWS_*", "AZURE_*", "GOOGLE_*", "GCP_*", "GH_*", "GITHUB_*", "GITLAB_*", "DOCKER_*", "KUBECONFIG", "VAULT_*",
	"ANTHROPIC_*", "OPENAI_*", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_*", "DBUS_*", "DISPLAY", "WAYLAND_*", "PULSE_*",
	"LD_*", "BASH_ENV", "ENV", "PROMPT_COMMAND", "PYTHONSTARTUP", "GIT_SSH_COMMAND",
}

// Passed reports whether a command gets a variable of the caller without being asked: by the allow-list. Proxies come
// with the caller's network only.
func Passed(name string, network bool) bool {
	return anyMatch(passed[:], name) || network && anyMatch(proxies[:], name)
}

// IsPath reports whether the value of a variable must exist inside: it names a file or a directory.
func IsPath(name string) bool { return anyMatch(paths[:], name) }

// Picks reports whether a glob names a variable, or whether it would if that were no secret: one by its name, or a value with a
// password in it. A secret is named by nothing but its exact name.
func Picks(glob, name, value string) (picked, secret bool) {
	switch {
	case glob == name:
		return true, false
	case !match(glob, name):
		return false, false
	case anyMatch(refused[:], strings.ToUpper(name)) || HasPassword(value):
		return false, true
	}
	return true, false
}

// HasPassword reports whether a value has the form scheme://user:password@host.
func HasPassword(value string) bool {
	_, rest, is := strings.Cut(value, "://")
	if !is {
		return false
	}
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		rest = rest[:slash]
	}
	at := strings.LastIndexByte(rest, '@')
	return at >= 0 && strings.IndexByte(rest[:at], ':') >= 0
}

// ValidGlob reports whether glob can be matched at all, see path.Match.
func ValidGlob(glob string) bool {
	_, err := path.Match(glob, "")
	return err == nil && glob != ""
}

func anyMatch(globs []string, name string) bool {
	for _, g := range globs {
		if match(g, name) {
			return true
		}
	}
	return false
}

// match is path.Match; names without a star, nearly all, are compared.
func match(glob, name string) bool {
	for i := range len(glob) {
		switch glob[i] {
		case '*', '?', '[', '\\':
			ok, _ := path.Match(glob, name)
			return ok
		}
	}
	return glob == name
}
