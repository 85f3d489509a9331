import { TOKEN_BEGINNINGS } from './shapes.ts';

/** A place where a credential, or the name of one, may begin or lie. */
export interface Sign {
  readonly index: number;
  /** In lower case, however it stands there. */
  readonly word: string;
  readonly kind: SignKind;
}

/**
 * What a sign is: the beginning of a token that is known by its shape, of a URL's authority, of a private key; what follows on the
 * password of a data source name; or the beginning of a name, among which `sig=` and `bearer` have rules of their own.
 */
export type SignKind = 'token' | 'url' | 'source' | 'key' | 'sig' | 'bearer' | 'name';

/** Gives the first sign at or behind a place; undefined where none follows. */
export type NextSign = (from: number) => Sign | undefined;

const KEY_OWNERS = 'api access account deploy encryption license master private shared signing ssh'.split(' ');
const NAMES = [
  ...'pass pwd secret token cred auth bearer cookie dsn jwt psk sessionid webhook sig='.split(' '),
  ...['str', '-str', '_str', '.str'].flatMap((rest) => [`conn${rest}`, `connection${rest}`]),
  ...KEY_OWNERS.flatMap((owner) => ['', '-', '_', '.'].map((sign) => `${owner}${sign}key`)),
];
/** What stands behind the password in a data source name of Go: `user:password@tcp(host:3306)/db`. */
const ADDRESSES: readonly string[] = ['@tcp(', '@unix('];
const TOKENS = new Set(TOKEN_BEGINNINGS.map((token) => token.toLowerCase()));
/** Every sign, without regard to case; three characters at least. */
export const SIGNS: readonly string[] = [...TOKENS, '://', ...ADDRESSES, '-----begin ', ...NAMES];

const SOURCE = SIGNS.toSorted((a, b) => b.length - a.length)
  .map((sign) => sign.replace(/[.(]/g, '\\$&'))
  .join('|');
const ANY_SIGN = new RegExp(SOURCE, 'gi');

/** The signs of a text, one behind the other. */
export function signsOfText(text: string): NextSign {
  return (from) => {
    ANY_SIGN.lastIndex = from;
    const found = ANY_SIGN.exec(text);
    if (found === null) return undefined;
    const word = found[0].toLowerCase();
    return { index: found.index, word, kind: kindOfSign(word) };
  };
}

/** @param sign in lower case */
export function kindOfSign(sign: string): SignKind {
  if (TOKENS.has(sign)) return 'token';
  if (sign === '://') return 'url';
  if (ADDRESSES.includes(sign)) return 'source';
  if (sign.startsWith('-----')) return 'key';
  return sign === 'sig=' ? 'sig' : sign === 'bearer' ? 'bearer' : 'name';
}
