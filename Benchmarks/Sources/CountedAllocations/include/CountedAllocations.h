#pragma once

/// How often the program has asked for memory since it began: malloc, calloc, realloc and the aligned ones.
unsigned long allocations_made(void);
