/**
 * Text of logs and objects as it may stand on a terminal or in a pipeline's output: no control character, no escape
 * sequence, nothing that reorders or hides text. Control characters become their visible pictures, so that a reader
 * sees that they were there.
 */
export function printable(text: string): string {
  return HOSTILE.test(text) ? text.replace(HOSTILE_ALL, picture) : text;
}

// C0, DEL, C1; Arabic letter mark, zero-width space, marks and line separators, embeddings, invisible operators,
// isolates, byte order mark, interlinear annotations, language tags; surrogates without a partner.
const CLASS =
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}]';
const HOSTILE = new RegExp(CLASS, 'u');
const HOSTILE_ALL = new RegExp(CLASS, 'gu');
const CONTROL_PICTURES = 0x2400;
const DELETE_PICTURE = '\u2421';
const REPLACEMENT = '\ufffd';

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 9) return ' ';
  if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code);
  return code === 0x7f ? DELETE_PICTURE : REPLACEMENT;
}
