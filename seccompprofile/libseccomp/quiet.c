/* What the Go binding calls at every start, see quiet.go. The linker leads its calls here (--wrap). */
#include "quiet.h"

int box_seccomp_enabled, box_seccomp_wanted, box_seccomp_let;

unsigned int __real_seccomp_api_get(void);

unsigned int __wrap_seccomp_api_get(void)
{
	box_seccomp_wanted++;
	if (!box_seccomp_enabled)
		return 0;
	box_seccomp_let++;
	return __real_seccomp_api_get();
}
