# What a program sees of the sandbox that it runs in, a line each. It is started with an open /proc of the caller's, which
# it finds by number: so it sees as much where the sandbox has no /proc. Its words: the exit status to end with, that
# number, the caller's process id, and the numbers of the system calls prctl, getpriority, unshare
# and getcwd.
use strict;
no warnings;
my ($status, $procfd, $caller, $prctl, $getpriority, $unshare, $getcwd) = @ARGV;
$| = 1;

# Files: what is in the directories that lines make and bind, to some depth.
sub tree {
	my ($dir, $depth) = @_;
	opendir my $d, $dir or return print "tree $dir: $!\n";
	my @names = sort grep { !/^\.\.?$/ } readdir $d;
	return print "tree $dir is a /proc\n" if -e "$dir/self/status";
	return print "tree $dir ", scalar @names, " names\n" if @names > 100;
	for my $name (@names) {
		my $path = $dir eq '/' ? "/$name" : "$dir/$name";
		my @s = lstat $path;
		my $more = -l _ ? '-> ' . readlink $path : -f _ ? "$s[7] bytes" : -b _ || -c _ ? "device $s[6]" : '';
		$s[2] &= 07777 if -l _;
		if (-f _ && $s[7] < 100 && open my $f, '<', $path) {
			local $/;
			$more .= ' ' . unpack 'H*', <$f>;
		}
		printf "tree %s %o %d:%d %s\n", $path, $s[2], $s[4], $s[5], $more;
		tree($path, $depth - 1) if -d $path && !-l $path && $depth && $path =~ m{^(/[a-ewxy]|/dev|/sub|/new|/file|/mode)+$};
	}
}
tree('/', 4);

# The credentials and settings that no file tells.
my %number = (PDEATHSIG => 2, DUMPABLE => 3, KEEPCAPS => 7, SECUREBITS => 27, TIMERSLACK => 30, SUBREAPER => 37, THP => 42);
for my $name (sort keys %number) {
	my $buf = pack 'i', 0;
	my $r = syscall $prctl + 0, $number{$name}, $name =~ /PDEATH|SUBREAPER/ ? $buf : 0, 0, 0, 0;
	print "prctl $name $r ", unpack('i', $buf), "\n";
}
$! = 0;
my $nice = syscall $getpriority + 0, 0, 0;
print "getpriority $nice $!\n";
my $cwd = "\0" x 4096;
my $length = syscall $getcwd + 0, $cwd, 4096;
print 'cwd ', $length > 0 ? substr($cwd, 0, $length - 1) : $!, "\n";
print "umask ", umask, "\n";

# Everything else is in /proc.
sub text {
	local $/;
	open my $f, '<', $_[0] or return "$!\n";
	my $all = <$f>;
	$all =~ tr/\0/\n/;
	return $all;
}
sub section {
	my ($name, $text) = @_;
	print map { "$name $_\n" } split /\n/, $text;
}
my $proc;
if (!open($proc, "<&=$procfd") || !chdir $proc) {
	print "no proc: $!\n";
	exit $status;
}
sub stat_of { (text("$_[0]/stat") =~ /^(\d+) \((.*)\) (.*)/)[0, 1], split / /, $3 }
my (%who, @chain);
for (my $pid = readlink 'self'; $pid && $pid != $caller; ) {
	my @s = stat_of($pid);
	push @chain, $pid;
	$who{$pid} = @chain == 1 ? 'self' : 'parent' . (@chain - 1);
	$pid = $s[3];
}
my @callers = stat_of($caller);
$who{$callers[5]} = "caller's session", $who{$callers[4]} = "caller's group", $who{$caller} = 'caller' if @callers > 4;
sub who { $who{$_[0]} // ($_[0] > 0 ? 'another' : $_[0]) }
for my $pid (@chain) {
	my @s = stat_of($pid);
	my $name = $who{$pid};
	print "process $name: $s[1] of ", who($s[3]), ', group ', who($s[4]), ', session ', who($s[5]), ", tty $s[6], tpgid ",
		who($s[7]), ", nice $s[18]\n";
	my $keep = 'Umask|[UG]id|Groups|NS.*|Sig(Blk|Ign|Pnd)|ShdPnd|Cap.*|NoNewPrivs|Seccomp.*';
	$keep .= '|Speculation.*|Cpus_allowed_list|Mems_allowed_list|THP.*|Threads|TracerPid' if $name eq 'self';
	last if $pid == $chain[-1] && @chain > 1; # the monitor is not in the sandbox
	for (split /\n/, text("$pid/status")) {
		next if !/^($keep):\t(.*)/;
		my ($key, $value) = (/^(\w+):\t(.*)/);
		$value =~ s/^\d+/P/ if $key =~ /^NS/;
		$value = 'S' if $key eq 'SigBlk' && $name ne 'self'; # what bubblewrap's pid 1 blocks is its own affair
		print "status $name $key $value\n";
	}
}
section($_, text("self/$_"))
	for qw(mountinfo uid_map gid_map setgroups limits cgroup personality oom_score_adj coredump_filter timerslack_ns environ);
section("sys $_", text("sys/$_")) for qw(kernel/hostname user/max_user_namespaces);
section('net', join "\n", map { /^\s*(\S+):/ } split /\n/, text('self/net/dev'));
section('net', 'loopback has ' . join ' ', text('self/net/fib_trie') =~ /\b127\.0\.0\.1\b/, text('self/net/if_inet6') =~ /^0{31}1/m);
print "ns $_ ", readlink "self/ns/$_", "\n" for qw(cgroup ipc mnt net pid pid_for_children time user uts);
opendir my $fds, 'self/fd';
for my $fd (sort { $a <=> $b } grep { /\d/ && $_ != fileno $fds } readdir $fds) {
	my $info = text("self/fdinfo/$fd");
	my ($pos, $flags) = ($info =~ /^pos:\s*(\d+)/m, $info =~ /^flags:\s*(\d+)/m);
	print "fd $fd ", readlink "self/fd/$fd", " flags $flags", $fd > 2 ? " pos $pos" : '', "\n";
}
$! = 0;
syscall $unshare + 0, 0x10000000;
print "unshare $!\n";
kill -$status, $$ if $status < 0;
exit $status;
