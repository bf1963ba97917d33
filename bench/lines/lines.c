// lines BYTES: writes lines of 68 bytes, one at a time, as programs do that don't keep what they write.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char line[68];
	long left = argc > 1 ? atol(argv[1]) : 0;

	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	for (; left > 0; left -= sizeof line)
		if (write(1, line, sizeof line) != sizeof line)
			return 1;
	return 0;
}
