// Package project says which directory is the caller's project, and what in it must not change while a command may write there.
package project

// Names are the names at the top of a project that tools outside run, or believe. What exists of them is read-only in a writable
// project, and what appears there is watched for. .git is locked as a whole: git takes hooks and configuration from wherever
// commondir, config.worktree and the like in it say.
var Names = [...]string{".git", ".box.toml", ".envrc", ".vscode", ".idea", ".claude", ".mcp.json"}
