#pragma once

/// How often memory has been asked for since the program began: malloc, calloc, realloc and the aligned ones.
unsigned long allocations_made(void);
