// Package mounts compiles the tree of a sandbox: what is bound, mounted, made and written where, and the pivot that
// makes it the root.
//
// The new root is built under a cover: a tmpfs mounted on top of "/". Absolute paths still mean the host, since
// a process's root stays below what is mounted on it; the cover is reached by descriptor. Every destination is resolved
// inside it by openat2(2), so that a link which was planted in something bound earlier can't lead out. Sources are
// cloned before anything is built, so no entry can change what a later source means.
//
// # Place in the plan
//
// launch.Compile calls Compile when the user namespace has its ids and the network is made, and before userns.Finish
// takes the privileges away. So the calls may mount. The umask is 0 by then: the modes that are asked for are the modes
// that files get. Nothing is mounted while a plan is compiled: Compile only looks at the host, and writes calls into
// the Builder.
//
// # Order
//
// Compile writes the calls in this order, and each part relies on those before it:
//
//   - the sources are cloned, while every path still means the host and nothing has been built;
//   - the cover is put on "/", and with it the base, if something has to be kept outside of the tree;
//   - the entries are made one by one, so that a later one covers an earlier one;
//   - box's own state is hidden, in all places where the binds have brought it;
//   - the new root becomes the root, and the host's is unmounted;
//   - the mount table is sent to the monitor, if the loss of a mount must end the sandbox.
//
// # What is trusted
//
// A directory that a sandbox may write to can hold anything: a program in it may have planted links for this sandbox or
// the next. So what lies there is opened without following links if it is a source, and inside the new root if it is a
// destination. Paths are used for destinations only where the way leads through nothing but directories in memory that
// box itself has made (see ours). What was looked at once is used by its descriptor after that, since a second look at
// the path may find something else.
//
// # Memory
//
// This code may run before the Go runtime has begun, see internal/early. It must not allocate then. Lists are in the
// Builder's memory or in arrays of a fixed size, and texts come from early.Concat. What needs the heap calls
// early.Ordinary first: overlays, late sources, mount points on the host.
//
// # The other half
//
// Base, Defaults and Links add entries to a Spec before it is compiled. Has, Find and Writable say what will be where
// in the finished tree, without making it.
package mounts
