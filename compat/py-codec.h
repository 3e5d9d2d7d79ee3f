/* py-codec.h - bytes to text, as Python 3.11's codecs decode them
 *
 * Encodings go by Python's names and aliases ("latin-1", "UTF8", "cp1252", "utf_16_le"), so what Python does not know is
 * refused with its message.  What it knows under names that decode no bytes (hex, rot13, ...) opens, and fails at the
 * first decoding, as it does there.  Characters and errors are those of Python's own tables, whatever the C library has.
 * Must not: know logs or lines; read the environment, except py_codec_preferred().
 *
 * Text that comes out is well-formed UTF-8, but for lone surrogates (in three bytes) where py_codec_has_surrogates().
 */
#pragma once

#include <glib.h>

#define PY_CODEC_ERROR (py_codec_error_quark ())
GQuark py_codec_error_quark (void);
typedef enum
{
  PY_CODEC_ERROR_LOOKUP,   /* LookupError: "unknown encoding: bogus" */
  PY_CODEC_ERROR_NO_BYTES, /* LookupError, UnicodeError: an encoding that decodes no text of this kind */
} PyCodecError;

typedef struct PyCodec PyCodec;

PyCodec *py_codec_new (const char *name, GError **error);
void py_codec_free (PyCodec *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyCodec, py_codec_free)

const char *py_codec_peek_name (const PyCodec *self); /* as given to py_codec_new */
gboolean py_codec_is_utf8 (const PyCodec *self);      /* plain UTF-8: well-formed bytes are the text already */

/* Can lone surrogates come out?  Only of UTF-7 and of escapes. */
gboolean py_codec_has_surrogates (const PyCodec *self);

/* Is it only in the text where a line ends?  FALSE: each byte 0x0A is a newline, whatever stands before it, and nothing else is. */
gboolean py_codec_has_line_ends (const PyCodec *self);

/* The locale's encoding as Python's locale.getpreferredencoding() names it: "UTF-8" for most, "utf-8" in the C locale and
 * in those that do not exist.  Lent by the C library; the program called setlocale() before. */
const char *py_codec_preferred (void);

typedef enum
{
  PY_CODEC_CLEAN,  /* all was well */
  PY_CODEC_BROKEN, /* something was not; each broken sequence became U+FFFD */
  PY_CODEC_FAILED, /* an exception: error is set */
} PyCodecResult;

/* Appends the text of the bytes to out, with errors="replace".  Of the first broken sequence *ret_begin and *ret_end get
 * the place (what UnicodeDecodeError calls start and end); both may be NULL. */
PyCodecResult py_codec_decode (const PyCodec *self, const char *bytes, gsize len, GString *out, gsize *ret_begin,
                               gsize *ret_end, GError **error);

/* The way back, with errors="ignore" (what the encoding cannot say is left out) or "replace" ('?'): only as exact as
 * finding the place of a line end in the bytes, and showing a line in a URL, need it.  FALSE: the encoding cannot encode. */
gboolean py_codec_encode (const PyCodec *self, const char *text, gsize len, gboolean replace, GString *out);
