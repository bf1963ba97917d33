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
	"*TOKEN*", "*SECRET*", "*PASSW*", "*_KEY", "*APIKEY*", "*CREDENTIAL*",
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

// Picked reports whether one of the globs of pass names a variable. No secret is named by a glob that isn't its exact
// name.
func Picked(name string, pass []string) bool {
	for _, glob := range pass {
		if glob == name || match(glob, name) && !anyMatch(refused[:], strings.ToUpper(name)) {
			return true
		}
	}
	return false
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
