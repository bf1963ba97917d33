// Package netgroup has the names behind --allow @GROUP: what the usual programs of an ecosystem connect to. It may run before the
// Go runtime.
package netgroup

// group is a row of the table.
type group struct {
	name  string
	names []string // as after --allow; without a port they mean 443 and 80
}

// groups holds servers of the ecosystem itself only. Names that anybody can have content below, such as those of object stores,
// are left out, but for those that downloads are redirected to.
var groups = [...]group{
	{"npm", []string{"registry.npmjs.org", "registry.yarnpkg.com"}},
	{"pypi", []string{"pypi.org", "files.pythonhosted.org"}},
	{"crates", []string{"crates.io", "index.crates.io", "static.crates.io"}},
	{"go", []string{"proxy.golang.org", "sum.golang.org"}},
	{"github", []string{
		"github.com:443,80,22",
		"api.github.com",
		"codeload.github.com",
		"raw.githubusercontent.com",
		"objects.githubusercontent.com",
		"release-assets.githubusercontent.com",
		"github-cloud.githubusercontent.com",
		"media.githubusercontent.com",
	}},
}

// Find returns what the group called name, without the @, stands for: arguments of --allow. ok reports whether there is one.
func Find(name string) (names []string, ok bool) {
	for i := range groups {
		if groups[i].name == name {
			return groups[i].names, true
		}
	}
	return nil, false
}

// At returns the name of group number i, for lists of them, and "" after the last one.
func At(i int) string {
	if i < 0 || i >= len(groups) {
		return ""
	}
	return groups[i].name
}
