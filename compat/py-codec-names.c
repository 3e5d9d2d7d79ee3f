/* py-codec-names.c - the encodings that Python 3.11 knows: its names, its aliases, and who decodes them here
 *
 * The names are those of the modules of its package "encodings", the aliases those of encodings.aliases.  Left out are
 * those which the C library's iconv cannot do (cp720, cp1006, hz, iso2022_jp_1, _2004 and _ext, palmos, and the Mac's but
 * cyrillic, latin2 and roman): they are "unknown" here.
 */
#include "compat/py-codec-names.h"

#include <string.h>

/* Sorted by name. */
static const CodecName codec_names[] = {
  { "ascii", CODEC_ASCII, NULL,
    "646 ansi_x3.4_1968 ansi_x3.4_1986 ansi_x3_4_1968 cp367 csascii ibm367 iso646_us iso_646.irv_1991 iso_ir_6 us us_ascii" },
  { "base64_codec", CODEC_NO_BYTES, NULL, "base64 base_64" },
  { "big5", CODEC_ICONV, "BIG5", "big5_tw csbig5 x_mac_trad_chinese" },
  { "big5hkscs", CODEC_ICONV, "BIG5-HKSCS", "big5_hkscs hkscs" },
  { "bz2_codec", CODEC_NO_BYTES, NULL, "bz2" },
  { "charmap", CODEC_NO_BYTES, NULL, "" },
  { "cp037", CODEC_TABLE, "CP037", "037 csibm037 ebcdic_cp_ca ebcdic_cp_nl ebcdic_cp_us ebcdic_cp_wt ibm037 ibm039" },
  { "cp1026", CODEC_TABLE, "CP1026", "1026 csibm1026 ibm1026" },
  { "cp1125", CODEC_TABLE, "CP1125", "1125 cp866u ibm1125 ruscii" },
  { "cp1140", CODEC_TABLE, "CP1140", "1140 ibm1140" },
  { "cp1250", CODEC_TABLE, "CP1250", "1250 windows_1250" },
  { "cp1251", CODEC_TABLE, "CP1251", "1251 windows_1251" },
  { "cp1252", CODEC_TABLE, "CP1252", "1252 windows_1252" },
  { "cp1253", CODEC_TABLE, "CP1253", "1253 windows_1253" },
  { "cp1254", CODEC_TABLE, "CP1254", "1254 windows_1254" },
  { "cp1255", CODEC_TABLE, "CP1255", "1255 windows_1255" },
  { "cp1256", CODEC_TABLE, "CP1256", "1256 windows_1256" },
  { "cp1257", CODEC_TABLE, "CP1257", "1257 windows_1257" },
  { "cp1258", CODEC_TABLE, "CP1258", "1258 windows_1258" },
  { "cp273", CODEC_TABLE, "CP273", "273 csibm273 ibm273" },
  { "cp424", CODEC_TABLE, "CP424", "424 csibm424 ebcdic_cp_he ibm424" },
  { "cp437", CODEC_TABLE, "CP437", "437 cspc8codepage437 ibm437" },
  { "cp500", CODEC_TABLE, "CP500", "500 csibm500 ebcdic_cp_be ebcdic_cp_ch ibm500" },
  { "cp737", CODEC_TABLE, "CP737", "" },
  { "cp775", CODEC_TABLE, "CP775", "775 cspc775baltic ibm775" },
  { "cp850", CODEC_TABLE, "CP850", "850 cspc850multilingual ibm850" },
  { "cp852", CODEC_TABLE, "CP852", "852 cspcp852 ibm852" },
  { "cp855", CODEC_TABLE, "CP855", "855 csibm855 ibm855" },
  { "cp856", CODEC_TABLE, "CP856", "" },
  { "cp857", CODEC_TABLE, "CP857", "857 csibm857 ibm857" },
  { "cp858", CODEC_TABLE, "CP858", "858 csibm858 ibm858" },
  { "cp860", CODEC_TABLE, "CP860", "860 csibm860 ibm860" },
  { "cp861", CODEC_TABLE, "CP861", "861 cp_is csibm861 ibm861" },
  { "cp862", CODEC_TABLE, "CP862", "862 cspc862latinhebrew ibm862" },
  { "cp863", CODEC_TABLE, "CP863", "863 csibm863 ibm863" },
  { "cp864", CODEC_TABLE, "CP864", "864 csibm864 ibm864" },
  { "cp865", CODEC_TABLE, "CP865", "865 csibm865 ibm865" },
  { "cp866", CODEC_TABLE, "CP866", "866 csibm866 ibm866" },
  { "cp869", CODEC_TABLE, "CP869", "869 cp_gr csibm869 ibm869" },
  { "cp874", CODEC_TABLE, "CP874", "" },
  { "cp875", CODEC_TABLE, "CP875", "" },
  { "cp932", CODEC_ICONV, "CP932", "932 ms932 ms_kanji mskanji" },
  { "cp949", CODEC_ICONV, "CP949", "949 ms949 uhc" },
  { "cp950", CODEC_ICONV, "CP950", "950 ms950" },
  { "euc_jis_2004", CODEC_ICONV, "EUC-JISX0213", "euc_jis2004 eucjis2004 jisx0213" },
  { "euc_jisx0213", CODEC_ICONV, "EUC-JISX0213", "eucjisx0213" },
  { "euc_jp", CODEC_ICONV, "EUC-JP", "eucjp u_jis ujis" },
  { "euc_kr", CODEC_ICONV, "EUC-KR", "euckr korean ks_c_5601 ks_c_5601_1987 ks_x_1001 ksc5601 ksx1001 x_mac_korean" },
  { "gb18030", CODEC_ICONV, "GB18030", "gb18030_2000" },
  { "gb2312", CODEC_ICONV, "GB2312",
    "chinese csiso58gb231280 euc_cn euccn eucgb2312_cn gb2312_1980 gb2312_80 iso_ir_58 x_mac_simp_chinese" },
  { "gbk", CODEC_ICONV, "GBK", "936 cp936 ms936" },
  { "hex_codec", CODEC_NO_BYTES, NULL, "hex" },
  { "hp_roman8", CODEC_TABLE, "HP-ROMAN8", "cp1051 cshproman8 ibm1051 r8 roman8" },
  { "idna", CODEC_NO_BYTES, NULL, "" },
  { "iso2022_jp", CODEC_ICONV, "ISO-2022-JP", "csiso2022jp iso2022jp iso_2022_jp" },
  { "iso2022_jp_2", CODEC_ICONV, "ISO-2022-JP-2", "iso2022jp_2 iso_2022_jp_2" },
  { "iso2022_jp_3", CODEC_ICONV, "ISO-2022-JP-3", "iso2022jp_3 iso_2022_jp_3" },
  { "iso2022_kr", CODEC_ICONV, "ISO-2022-KR", "csiso2022kr iso2022kr iso_2022_kr" },
  { "iso8859_1", CODEC_LATIN1, NULL, "" },
  { "iso8859_10", CODEC_TABLE, "ISO-8859-10", "csisolatin6 iso_8859_10 iso_8859_10_1992 iso_ir_157 l6 latin6" },
  { "iso8859_11", CODEC_TABLE, "ISO-8859-11", "iso_8859_11 iso_8859_11_2001 thai" },
  { "iso8859_13", CODEC_TABLE, "ISO-8859-13", "iso_8859_13 l7 latin7" },
  { "iso8859_14", CODEC_TABLE, "ISO-8859-14", "iso_8859_14 iso_8859_14_1998 iso_celtic iso_ir_199 l8 latin8" },
  { "iso8859_15", CODEC_TABLE, "ISO-8859-15", "iso_8859_15 l9 latin9" },
  { "iso8859_16", CODEC_TABLE, "ISO-8859-16", "iso_8859_16 iso_8859_16_2001 iso_ir_226 l10 latin10" },
  { "iso8859_2", CODEC_TABLE, "ISO-8859-2", "csisolatin2 iso_8859_2 iso_8859_2_1987 iso_ir_101 l2 latin2" },
  { "iso8859_3", CODEC_TABLE, "ISO-8859-3", "csisolatin3 iso_8859_3 iso_8859_3_1988 iso_ir_109 l3 latin3" },
  { "iso8859_4", CODEC_TABLE, "ISO-8859-4", "csisolatin4 iso_8859_4 iso_8859_4_1988 iso_ir_110 l4 latin4" },
  { "iso8859_5", CODEC_TABLE, "ISO-8859-5", "csisolatincyrillic cyrillic iso_8859_5 iso_8859_5_1988 iso_ir_144" },
  { "iso8859_6", CODEC_TABLE, "ISO-8859-6",
    "arabic asmo_708 csisolatinarabic ecma_114 iso_8859_6 iso_8859_6_1987 iso_ir_127" },
  { "iso8859_7", CODEC_TABLE, "ISO-8859-7",
    "csisolatingreek ecma_118 elot_928 greek greek8 iso_8859_7 iso_8859_7_1987 iso_ir_126" },
  { "iso8859_8", CODEC_TABLE, "ISO-8859-8", "csisolatinhebrew hebrew iso_8859_8 iso_8859_8_1988 iso_ir_138" },
  { "iso8859_9", CODEC_TABLE, "ISO-8859-9", "csisolatin5 iso_8859_9 iso_8859_9_1989 iso_ir_148 l5 latin5" },
  { "johab", CODEC_ICONV, "JOHAB", "cp1361 ms1361" },
  { "koi8_r", CODEC_TABLE, "KOI8-R", "cskoi8r" },
  { "koi8_t", CODEC_TABLE, "KOI8-T", "" },
  { "koi8_u", CODEC_TABLE, "KOI8-U", "" },
  { "kz1048", CODEC_TABLE, "RK1048", "kz_1048 rk1048 strk1048_2002" },
  { "latin_1", CODEC_LATIN1, NULL,
    "8859 cp819 csisolatin1 ibm819 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 l1 latin latin1" },
  { "mac_cyrillic", CODEC_TABLE, "MAC-CYRILLIC", "maccyrillic" },
  { "mac_latin2", CODEC_TABLE, "MAC-CENTRALEUROPE", "mac_centeuro maccentraleurope maclatin2" },
  { "mac_roman", CODEC_TABLE, "MACINTOSH", "macintosh macroman" },
  { "ptcp154", CODEC_TABLE, "PT154", "cp154 csptcp154 cyrillic_asian pt154" },
  { "punycode", CODEC_NO_BYTES, NULL, "" },
  { "quopri_codec", CODEC_NO_BYTES, NULL, "quopri quoted_printable quotedprintable" },
  { "raw_unicode_escape", CODEC_NO_BYTES, NULL, "" },
  { "rot_13", CODEC_NO_BYTES, NULL, "rot13" },
  { "shift_jis", CODEC_ICONV, "SHIFT_JIS", "csshiftjis s_jis shiftjis sjis x_mac_japanese" },
  { "shift_jis_2004", CODEC_ICONV, "SHIFT_JISX0213", "s_jis_2004 shiftjis2004 sjis_2004" },
  { "shift_jisx0213", CODEC_ICONV, "SHIFT_JISX0213", "s_jisx0213 shiftjisx0213 sjisx0213" },
  { "tis_620", CODEC_TABLE, "TIS-620", "iso_ir_166 tis620 tis_620_0 tis_620_2529_0 tis_620_2529_1" },
  { "undefined", CODEC_NO_BYTES, NULL, "" },
  { "unicode_escape", CODEC_NO_BYTES, NULL, "" },
  { "utf_16", CODEC_UTF16, NULL, "u16 utf16" },
  { "utf_16_be", CODEC_UTF16_BE, NULL, "unicodebigunmarked utf_16be" },
  { "utf_16_le", CODEC_UTF16_LE, NULL, "unicodelittleunmarked utf_16le" },
  { "utf_32", CODEC_UTF32, NULL, "u32 utf32" },
  { "utf_32_be", CODEC_UTF32_BE, NULL, "utf_32be" },
  { "utf_32_le", CODEC_UTF32_LE, NULL, "utf_32le" },
  { "utf_7", CODEC_ICONV, "UTF-7", "u7 unicode_1_1_utf_7 utf7" },
  { "utf_8", CODEC_UTF8, NULL, "cp65001 u8 utf utf8 utf8_ucs2 utf8_ucs4" },
  { "utf_8_sig", CODEC_UTF8_SIG, NULL, "" },
  { "uu_codec", CODEC_NO_BYTES, NULL, "uu" },
  { "zlib_codec", CODEC_NO_BYTES, NULL, "zip zlib" },
};

static gboolean
has_word (const char *words, const char *word)
{
  gsize len = strlen (word);

  for (const char *at = strstr (words, word); at != NULL; at = strstr (at + 1, word))
    if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
      return TRUE;
  return FALSE;
}

/* As codecs.lookup() does: case does not count, and any run of other characters than letters, digits and points is one "_". */
static char *
normalize (const char *name)
{
  GString *out = g_string_new (NULL);
  gboolean gap = FALSE;

  for (const char *c = name; *c != '\0'; c++)
    if (g_ascii_isalnum (*c) || *c == '.')
      {
        if (gap && out->len > 0)
          g_string_append_c (out, '_');
        g_string_append_c (out, g_ascii_tolower (*c));
        gap = FALSE;
      }
    else
      gap = TRUE;
  return g_string_free (out, FALSE);
}

const CodecName *
codec_name_find (const char *name)
{
  g_autofree char *key = normalize (name);
  g_autofree char *plain = g_strdelimit (g_strdup (key), ".", '_');

  if (*key == '\0')
    return NULL;
  /* "iso_646.irv_1991" is an alias with its point; others are looked up without. */
  for (gsize i = 0; i < G_N_ELEMENTS (codec_names); i++)
    if (has_word (codec_names[i].aliases, key) || has_word (codec_names[i].aliases, plain))
      return &codec_names[i];
  for (gsize i = 0; i < G_N_ELEMENTS (codec_names); i++)
    if (g_str_equal (codec_names[i].name, key))
      return &codec_names[i];
  return NULL;
}
