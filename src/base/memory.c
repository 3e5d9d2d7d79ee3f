#include "base/memory.h"

#include <glib.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Two of them are more than glibc takes for the heap in the beginning (132 KiB); neither is so large that it is mapped (128 KiB). */
#define BLOCK (100 * 1024)

void
memory_take (gsize bytes)
{
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE), begin = (uintptr_t) sbrk (0);

  /* What is beyond the heap's present end makes it grow by the pad, which stays part of it, as it is not trimmed. */
  if (bytes > G_MAXINT / 2 || mallopt (M_TOP_PAD, (int) bytes) != 1 || mallopt (M_TRIM_THRESHOLD, 2 * (int) bytes) != 1)
    return;
  char *first = g_malloc (BLOCK), *second = g_malloc (BLOCK);
  g_free (second);
  g_free (first);
  uintptr_t end = (uintptr_t) sbrk (0) / page * page;
  begin = (begin + page - 1) / page * page;
  if (begin < end)
    (void) madvise ((void *) begin, end - begin, MADV_POPULATE_WRITE);
}

/* The segments that nobody writes to, not even the dynamic linker: what is in them is what the file has. */
static void
give_back_segments (const struct dl_phdr_info *info)
{
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);

  for (int i = 0; i < info->dlpi_phnum; i++)
    {
      const ElfW (Phdr) *segment = &info->dlpi_phdr[i];
      uintptr_t start = (info->dlpi_addr + segment->p_vaddr + page - 1) / page * page;
      uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_filesz) / page * page;

      if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && start < end)
        (void) madvise ((void *) start, end - start, MADV_DONTNEED);
    }
}

static gboolean
has_text_relocations (const struct dl_phdr_info *info)
{
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      for (const ElfW (Dyn) *entry = (const void *) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
           entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
          return TRUE;
  return FALSE;
}

static int
on_object (struct dl_phdr_info *info, size_t size, void *unused)
{
  if (!has_text_relocations (info))
    give_back_segments (info);
  return 0;
}

void
memory_give_back (void)
{
  (void) malloc_trim (0);
  (void) dl_iterate_phdr (on_object, NULL);
}
