package mounts

import "testing"

// What logs in is gone, and all else stays: the addresses above all.
func TestWithoutLogins(t *testing.T) {
	for file, want := range map[string]string{
		"":                                    "",
		"\n\n":                                "\n\n",
		"registry=https://r.example/":         "registry=https://r.example/",
		"# a comment\n; another\n[section]\n": "# a comment\n; another\n[section]\n",

		"//r.example/:_authToken=x\ncafile=/x\n":          "cafile=/x\n",
		"_auth = x\r\na=b\r\n":                            "a=b\r\n",
		"_AUTH=x":                                         "",
		"//r/:_password=\"x\"\n//r/:username=me\nb=c\n":   "b=c\n",
		"key=\"-----BEGIN\"\n//r/:key=x\nkeyfile=/x\n":    "keyfile=/x\n",
		"init-author-name=Me\nalways-auth=true\n":         "init-author-name=Me\nalways-auth=true\n",
		"proxy=http://me:x@p.example:8080\n":              "proxy=http://p.example:8080\n",
		"a=http://me:x@y@h/p@q http://t@i/ \"ftp://u@j\"": "a=http://h/p@q http://i/ \"ftp://j\"",
		"a=mailto:me@example\nb=//me@h/\nc=x://":          "a=mailto:me@example\nb=//me@h/\nc=x://",
		"a=http://@\nb=http://h?x@y":                      "a=http://\nb=http://h?x@y",

		"[global]\nindex-url: https://u:x@h/simple\n":              "[global]\nindex-url: https://h/simple\n",
		"extra-index-url =\n  https://u:x@h/\n  https://i/\na=6\n": "extra-index-url =\n  https://h/\n  https://i/\na=6\n",
		"index-url: https://tokens.example/simple\n":               "index-url: https://tokens.example/simple\n",
		"proxy-password: x\n    more of it\n\tand more\nnext: y\n": "next: y\n",
		"secret =\n  x\n\n  y\nz=1":                                "z=1",
	} {
		data := []byte(file)
		n := withoutLogins(data)
		if got := string(data[:n]); got != want {
			t.Errorf("%q:\n%q, want\n%q", file, got, want)
		}
		if again := withoutLogins(data[:n]); again != n {
			t.Errorf("%q: a second look takes more away", file)
		}
	}
}
