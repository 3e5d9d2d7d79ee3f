/* config-log.h - messages about configuration files, which may quote held text
 *
 * Must not: be used with text that is real already (paths and numbers are fine).
 */
#pragma once
#include "base/log.h"

/* The formatted message, held text in it made real (py-held.h). */
#define config_log(log, level, logger, ...) config_log_full ((log), (level), (logger), __func__, __VA_ARGS__)
void config_log_full (Log *log, LogLevel level, const char *logger, const char *function, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
