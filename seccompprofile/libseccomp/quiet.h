/* The switch of quiet.c, and how often it was looked at. */
extern int box_seccomp_enabled, box_seccomp_wanted, box_seccomp_let;
