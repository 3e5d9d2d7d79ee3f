#include "source/journal-library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "source/source-error.h"

static gboolean
find (gpointer handle, const char *name, gpointer ret_function)
{
  void *found = dlsym (handle, name);

  memcpy (ret_function, &found, sizeof found); /* a pointer to data is none to a function in C's eyes */
  return found != NULL;
}

gboolean
journal_library_load (JournalLibrary *ret_library, const char *name, GError **error)
{
  gpointer handle = dlopen (name, RTLD_LAZY | RTLD_LOCAL);
  JournalLibrary library;
  gboolean complete = handle != NULL;

#define FIND(name) complete = complete && find (handle, "sd_journal_" #name, &library.name);
  JOURNAL_LIBRARY_FUNCTIONS (FIND)
#undef FIND
  if (!complete)
    {
      g_set_error_literal (error, SOURCE_ERROR, ELIBACC, dlerror ());
      return FALSE;
    }
  *ret_library = library;
  return TRUE;
}
