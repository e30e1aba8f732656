/* environment.h: the variables in which tests/CMakeLists.txt says where a test's files are. */
#ifndef TEST_ENVIRONMENT_H
#define TEST_ENVIRONMENT_H

/* The variable's value. Ends the test if it is not set. */
const char *environment(const char *name);

#endif
