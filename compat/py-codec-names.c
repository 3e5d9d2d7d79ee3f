/* py-codec-names.c - the encodings that Python 3.11 knows: its names, its aliases, and who decodes them here
 *
 * The names are those of the modules of its package "encodings", the aliases those of encodings.aliases.
 */
#include "compat/py-codec-names.h"

#include <string.h>

/* Sorted by name. */
static const CodecName codec_names[] = {
  { "ascii", CODEC_ASCII, NULL,
    "646 ansi_x3.4_1968 ansi_x3.4_1986 ansi_x3_4_1968 cp367 csascii ibm367 iso646_us iso_646.irv_1991 iso_ir_6 us us_ascii" },
  { "base64_codec", CODEC_NO_BYTES, NULL, "base64 base_64" },
  { "big5", CODEC_BIG5, "BIG5", "big5_tw csbig5 x_mac_trad_chinese" },
  { "big5hkscs", CODEC_BIG5HKSCS, "BIG5-HKSCS", "big5_hkscs hkscs" },
  { "bz2_codec", CODEC_NO_BYTES, NULL, "bz2" },
  { "charmap", CODEC_LATIN1, NULL, "" },
  { "cp037", CODEC_TABLE, NULL, "037 csibm037 ebcdic_cp_ca ebcdic_cp_nl ebcdic_cp_us ebcdic_cp_wt ibm037 ibm039" },
  { "cp1006", CODEC_TABLE, NULL, "" },
  { "cp1026", CODEC_TABLE, NULL, "1026 csibm1026 ibm1026" },
  { "cp1125", CODEC_TABLE, NULL, "1125 cp866u ibm1125 ruscii" },
  { "cp1140", CODEC_TABLE, NULL, "1140 ibm1140" },
  { "cp1250", CODEC_TABLE, NULL, "1250 windows_1250" },
  { "cp1251", CODEC_TABLE, NULL, "1251 windows_1251" },
  { "cp1252", CODEC_TABLE, NULL, "1252 windows_1252" },
  { "cp1253", CODEC_TABLE, NULL, "1253 windows_1253" },
  { "cp1254", CODEC_TABLE, NULL, "1254 windows_1254" },
  { "cp1255", CODEC_TABLE, NULL, "1255 windows_1255" },
  { "cp1256", CODEC_TABLE, NULL, "1256 windows_1256" },
  { "cp1257", CODEC_TABLE, NULL, "1257 windows_1257" },
  { "cp1258", CODEC_TABLE, NULL, "1258 windows_1258" },
  { "cp273", CODEC_TABLE, NULL, "273 csibm273 ibm273" },
  { "cp424", CODEC_TABLE, NULL, "424 csibm424 ebcdic_cp_he ibm424" },
  { "cp437", CODEC_TABLE, NULL, "437 cspc8codepage437 ibm437" },
  { "cp500", CODEC_TABLE, NULL, "500 csibm500 ebcdic_cp_be ebcdic_cp_ch ibm500" },
  { "cp720", CODEC_TABLE, NULL, "" },
  { "cp737", CODEC_TABLE, NULL, "" },
  { "cp775", CODEC_TABLE, NULL, "775 cspc775baltic ibm775" },
  { "cp850", CODEC_TABLE, NULL, "850 cspc850multilingual ibm850" },
  { "cp852", CODEC_TABLE, NULL, "852 cspcp852 ibm852" },
  { "cp855", CODEC_TABLE, NULL, "855 csibm855 ibm855" },
  { "cp856", CODEC_TABLE, NULL, "" },
  { "cp857", CODEC_TABLE, NULL, "857 csibm857 ibm857" },
  { "cp858", CODEC_TABLE, NULL, "858 csibm858 ibm858" },
  { "cp860", CODEC_TABLE, NULL, "860 csibm860 ibm860" },
  { "cp861", CODEC_TABLE, NULL, "861 cp_is csibm861 ibm861" },
  { "cp862", CODEC_TABLE, NULL, "862 cspc862latinhebrew ibm862" },
  { "cp863", CODEC_TABLE, NULL, "863 csibm863 ibm863" },
  { "cp864", CODEC_TABLE, NULL, "864 csibm864 ibm864" },
  { "cp865", CODEC_TABLE, NULL, "865 csibm865 ibm865" },
  { "cp866", CODEC_TABLE, NULL, "866 csibm866 ibm866" },
  { "cp869", CODEC_TABLE, NULL, "869 cp_gr csibm869 ibm869" },
  { "cp874", CODEC_TABLE, NULL, "" },
  { "cp875", CODEC_TABLE, NULL, "" },
  { "cp932", CODEC_CP932, "CP932", "932 ms932 ms_kanji mskanji" },
  { "cp949", CODEC_CP949, "CP949", "949 ms949 uhc" },
  { "cp950", CODEC_CP950, "CP950", "950 ms950" },
  { "euc_jis_2004", CODEC_EUC_JIS_2004, "EUC-JISX0213", "euc_jis2004 eucjis2004 jisx0213" },
  { "euc_jisx0213", CODEC_EUC_JISX0213, "EUC-JISX0213", "eucjisx0213" },
  { "euc_jp", CODEC_EUC_JP, "EUC-JP", "eucjp u_jis ujis" },
  { "euc_kr", CODEC_EUC_KR, "EUC-KR", "euckr korean ks_c_5601 ks_c_5601_1987 ks_x_1001 ksc5601 ksx1001 x_mac_korean" },
  { "gb18030", CODEC_GB18030, "GB18030", "gb18030_2000" },
  { "gb2312", CODEC_GB2312, "GB2312",
    "chinese csiso58gb231280 euc_cn euccn eucgb2312_cn gb2312_1980 gb2312_80 iso_ir_58 x_mac_simp_chinese" },
  { "gbk", CODEC_GBK, "GBK", "936 cp936 ms936" },
  { "hex_codec", CODEC_NO_BYTES, NULL, "hex" },
  { "hp_roman8", CODEC_TABLE, NULL, "cp1051 ibm1051 r8 roman8" },
  { "hz", CODEC_HZ, NULL, "hz_gb hz_gb_2312 hzgb" },
  { "idna", CODEC_IDNA, NULL, "" },
  { "iso2022_jp", CODEC_ISO2022_JP, "ISO-2022-JP", "csiso2022jp iso2022jp iso_2022_jp" },
  { "iso2022_jp_1", CODEC_ISO2022_JP_1, NULL, "iso2022jp_1 iso_2022_jp_1" },
  { "iso2022_jp_2", CODEC_ISO2022_JP_2, "ISO-2022-JP-2", "iso2022jp_2 iso_2022_jp_2" },
  { "iso2022_jp_2004", CODEC_ISO2022_JP_2004, NULL, "iso2022jp_2004 iso_2022_jp_2004" },
  { "iso2022_jp_3", CODEC_ISO2022_JP_3, "ISO-2022-JP-3", "iso2022jp_3 iso_2022_jp_3" },
  { "iso2022_jp_ext", CODEC_ISO2022_JP_EXT, NULL, "iso2022jp_ext iso_2022_jp_ext" },
  { "iso2022_kr", CODEC_ISO2022_KR, "ISO-2022-KR", "csiso2022kr iso2022kr iso_2022_kr" },
  { "iso8859_1", CODEC_LATIN1, NULL, "" },
  { "iso8859_10", CODEC_TABLE, NULL, "csisolatin6 iso_8859_10 iso_8859_10_1992 iso_ir_157 l6 latin6" },
  { "iso8859_11", CODEC_TABLE, NULL, "iso_8859_11 iso_8859_11_2001 thai" },
  { "iso8859_13", CODEC_TABLE, NULL, "iso_8859_13 l7 latin7" },
  { "iso8859_14", CODEC_TABLE, NULL, "iso_8859_14 iso_8859_14_1998 iso_celtic iso_ir_199 l8 latin8" },
  { "iso8859_15", CODEC_TABLE, NULL, "iso_8859_15 l9 latin9" },
  { "iso8859_16", CODEC_TABLE, NULL, "iso_8859_16 iso_8859_16_2001 iso_ir_226 l10 latin10" },
  { "iso8859_2", CODEC_TABLE, NULL, "csisolatin2 iso_8859_2 iso_8859_2_1987 iso_ir_101 l2 latin2" },
  { "iso8859_3", CODEC_TABLE, NULL, "csisolatin3 iso_8859_3 iso_8859_3_1988 iso_ir_109 l3 latin3" },
  { "iso8859_4", CODEC_TABLE, NULL, "csisolatin4 iso_8859_4 iso_8859_4_1988 iso_ir_110 l4 latin4" },
  { "iso8859_5", CODEC_TABLE, NULL, "csisolatincyrillic cyrillic iso_8859_5 iso_8859_5_1988 iso_ir_144" },
  { "iso8859_6", CODEC_TABLE, NULL, "arabic asmo_708 csisolatinarabic ecma_114 iso_8859_6 iso_8859_6_1987 iso_ir_127" },
  { "iso8859_7", CODEC_TABLE, NULL,
    "csisolatingreek ecma_118 elot_928 greek greek8 iso_8859_7 iso_8859_7_1987 iso_ir_126" },
  { "iso8859_8", CODEC_TABLE, NULL, "csisolatinhebrew hebrew iso_8859_8 iso_8859_8_1988 iso_ir_138" },
  { "iso8859_9", CODEC_TABLE, NULL, "csisolatin5 iso_8859_9 iso_8859_9_1989 iso_ir_148 l5 latin5" },
  { "johab", CODEC_JOHAB, "JOHAB", "cp1361 ms1361" },
  { "koi8_r", CODEC_TABLE, NULL, "cskoi8r" },
  { "koi8_t", CODEC_TABLE, NULL, "" },
  { "koi8_u", CODEC_TABLE, NULL, "" },
  { "kz1048", CODEC_TABLE, NULL, "kz_1048 rk1048 strk1048_2002" },
  { "latin_1", CODEC_LATIN1, NULL,
    "8859 cp819 csisolatin1 ibm819 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 l1 latin latin1" },
  { "mac_arabic", CODEC_TABLE, NULL, "" },
  { "mac_croatian", CODEC_TABLE, NULL, "" },
  { "mac_cyrillic", CODEC_TABLE, NULL, "maccyrillic" },
  { "mac_farsi", CODEC_TABLE, NULL, "" },
  { "mac_greek", CODEC_TABLE, NULL, "macgreek" },
  { "mac_iceland", CODEC_TABLE, NULL, "maciceland" },
  { "mac_latin2", CODEC_TABLE, NULL, "mac_centeuro maccentraleurope maclatin2" },
  { "mac_roman", CODEC_TABLE, NULL, "macintosh macroman" },
  { "mac_romanian", CODEC_TABLE, NULL, "" },
  { "mac_turkish", CODEC_TABLE, NULL, "macturkish" },
  { "palmos", CODEC_TABLE, NULL, "" },
  { "ptcp154", CODEC_TABLE, NULL, "cp154 csptcp154 cyrillic_asian pt154" },
  { "punycode", CODEC_NO_BYTES, NULL, "" },
  { "quopri_codec", CODEC_NO_BYTES, NULL, "quopri quoted_printable quotedprintable" },
  { "raw_unicode_escape", CODEC_RAW_UNICODE_ESCAPE, NULL, "" },
  { "rot_13", CODEC_NO_BYTES, NULL, "rot13" },
  { "shift_jis", CODEC_SHIFT_JIS, "SHIFT_JIS", "csshiftjis s_jis shiftjis sjis x_mac_japanese" },
  { "shift_jis_2004", CODEC_SHIFT_JIS_2004, "SHIFT_JISX0213", "s_jis_2004 shiftjis2004 sjis_2004" },
  { "shift_jisx0213", CODEC_SHIFT_JISX0213, "SHIFT_JISX0213", "s_jisx0213 shiftjisx0213 sjisx0213" },
  { "tis_620", CODEC_TABLE, NULL, "iso_ir_166 tis620 tis_620_0 tis_620_2529_0 tis_620_2529_1" },
  { "undefined", CODEC_NO_BYTES, NULL, "" },
  { "unicode_escape", CODEC_UNICODE_ESCAPE, NULL, "" },
  { "utf_16", CODEC_UTF16, NULL, "u16 utf16" },
  { "utf_16_be", CODEC_UTF16_BE, NULL, "unicodebigunmarked utf_16be" },
  { "utf_16_le", CODEC_UTF16_LE, NULL, "unicodelittleunmarked utf_16le" },
  { "utf_32", CODEC_UTF32, NULL, "u32 utf32" },
  { "utf_32_be", CODEC_UTF32_BE, NULL, "utf_32be" },
  { "utf_32_le", CODEC_UTF32_LE, NULL, "utf_32le" },
  { "utf_7", CODEC_UTF7, "UTF-7", "u7 unicode_1_1_utf_7 utf7" },
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
